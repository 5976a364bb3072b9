import { compileJsonPathFlow } from "../json-path-flow.ts";
import { compileJsonataFlow } from "../jsonata-flow.ts";
import type { CompileState } from "../state.ts";

/** Succeed: ends its branch well. */
export const compileSucceed: CompileState = (definition, { language }) => {
  if (language === "JSONata") {
    const flow = compileJsonataFlow(definition);
    return async (visit) => flow.leave(visit);
  }
  const flow = compileJsonPathFlow(definition, ["afterInputPath"]);
  return async (visit) => {
    const input = flow.enter(visit);
    return flow.leave(visit, { result: input, assignFrom: input });
  };
};
