import { Cancellation } from "../../src/ipc/cancellation.ts";
import { JsonRpcError } from "../../src/ipc/rpc/jsonrpc.ts";
import { MetacoinError } from "../../src/errors.ts";
import { connectToSigner } from "../../src/signer/client.ts";
import type { ActionContext } from "../action.ts";
import { signerPath } from "./signer-path.ts";

/** One method of a running signer. */
export async function callSigner(path: string, method: string, { signal }: ActionContext): Promise<unknown> {
  const client = await connectToSigner(signerPath(path));
  try {
    return await client.request(method, [], { cancellation: Cancellation.of(signal) });
  } catch (error) {
    if (!(error instanceof JsonRpcError)) throw error;
    throw new SignerRefusedError(error.message, { cause: error });
  } finally {
    client.close();
  }
}

class SignerRefusedError extends MetacoinError {
  override readonly code = "SIGNER_REFUSED";
}
