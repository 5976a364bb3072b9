import { compileJsonPathFlow, everyStep } from "../json-path-flow.ts";
import { compileJsonataFlow } from "../jsonata-flow.ts";
import type { CompileState } from "../state.ts";

/** Pass: hands its input on, or Result, or what Parameters or Output make. */
export const compilePass: CompileState = (definition, { language }) => {
  if (language === "JSONata") {
    const flow = compileJsonataFlow(definition);
    return async (visit) => flow.leave(visit);
  }
  const flow = compileJsonPathFlow(definition, everyStep);
  const { Result: fixed } = definition;
  return async (visit) => {
    if (fixed !== undefined) visit.inspect?.("result", fixed);
    const result = fixed === undefined ? flow.parameters(visit, flow.enter(visit)) : fixed;
    return flow.leave(visit, { result, assignFrom: result });
  };
};
