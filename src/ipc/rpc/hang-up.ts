import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { constants, type ServerHttp2Stream } from "node:http2";
import { Duplex } from "node:stream";

import { isRecord } from "../messages.ts";

/**
 * Ends HTTP/2 streams of this process that are answered while their request still comes, as RFC 9113, section 8.1, lets a
 * server do: grpc-js refuses a message that is too long on its first bytes, but goes on reading the others, and Node keeps
 * those until it collects its garbage.
 *
 * @returns what stops it.
 */
export function hangUpOnceAnswered(): () => void {
  const channel = "http2.server.stream.finish";
  const onFinish = (message: unknown) => {
    if (!isRecord(message)) return;
    const { stream, flags } = message;
    const isAnswered = typeof flags === "number" && (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    // In the next turn, when the answer is on its way.
    if (isAnswered && isStream(stream) && !stream.readableEnded)
      setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
  };
  subscribe(channel, onFinish);
  return () => unsubscribe(channel, onFinish);
}

/** Node does not export the class. */
function isStream(stream: unknown): stream is ServerHttp2Stream {
  return stream instanceof Duplex && "close" in stream;
}
