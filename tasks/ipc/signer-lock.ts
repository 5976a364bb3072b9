import { methods } from "../../src/signer/protocol.ts";
import { action } from "../action.ts";
import { callSigner } from "./signer-call.ts";

export default action<{ readonly path: string }, { readonly locked: true }>({
  async run({ path }, context) {
    await callSigner(path, methods.lock, context);
    return { locked: true };
  },
  render: () => "locked: the keys are gone from the signer until somebody unlocks it at its terminal",
});
