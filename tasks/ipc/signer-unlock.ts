import { methods } from "../../src/signer/protocol.ts";
import { action } from "../action.ts";
import { callSigner } from "./signer-call.ts";

export default action<{ readonly path: string }, { readonly locked: false }>({
  async run({ path }, context) {
    context.progress.line("Answer at the signer's own terminal");
    await callSigner(path, methods.unlock, context);
    return { locked: false };
  },
  render: () => "unlocked",
});
