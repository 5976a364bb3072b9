import { once } from "node:events";
import { Agent, request as openRequest, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";

export const MiB = 1024 * 1024;

/** Some connections that are kept; each request's body is in memory already, so that the sender costs little. */
export function createSender(connections: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    send: async (
      method: string,
      url: string,
      headers: Record<string, string>,
      body: readonly Buffer[],
    ): Promise<{ headers: IncomingHttpHeaders; body: string }> => {
      const length = body.reduce((sum, part) => sum + part.length, 0);
      const request = openRequest(url, { method, agent, headers: { ...headers, "content-length": String(length) } });
      for (const part of body) request.write(part);
      request.end();
      const [response] = await once(request, "response");
      const answer = await text(response);
      if (response.statusCode >= 300) throw new Error(`${url} answered ${String(response.statusCode)}: ${answer}`);
      return { headers: response.headers, body: answer };
    },
    close: () => agent.destroy(),
  };
}

type Sender = ReturnType<typeof createSender>;

/** `size` bytes as Dropzone posts them. */
export async function sendDropzone(
  { send }: Sender,
  { url, name, size, chunk, parallel }: { url: string; name: string; size: number; chunk: number; parallel: number },
): Promise<void> {
  const data = Buffer.alloc(chunk, "0123456789abcdef-");
  const count = Math.ceil(size / chunk);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < count; index = next++) {
      const fields = {
        dzuuid: name,
        dzchunkindex: index,
        dztotalfilesize: size,
        dzchunksize: chunk,
        dztotalchunkcount: count,
        dzchunkbyteoffset: index * chunk,
      };
      const head = Object.entries(fields).map(
        ([field, value]) =>
          `--bench-boundary\r\nContent-Disposition: form-data; name="${field}"\r\n\r\n${String(value)}\r\n`,
      );
      const file = `--bench-boundary\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
      await send("POST", `${url}/upload`, { "content-type": "multipart/form-data; boundary=bench-boundary" }, [
        Buffer.from([...head, file].join("")),
        data.subarray(0, Math.min(chunk, size - index * chunk)),
        Buffer.from("\r\n--bench-boundary--\r\n"),
      ]);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

/** `size` bytes in tus PATCHes, one after another. */
export async function sendTus(
  { send }: Sender,
  { url, name, size, chunk }: { url: string; name: string; size: number; chunk: number },
): Promise<void> {
  const data = Buffer.alloc(chunk, "0123456789abcdef-");
  const common = { "tus-resumable": "1.0.0" };
  const metadata = `filename ${Buffer.from(name).toString("base64")}`;
  const { headers } = await send(
    "POST",
    `${url}/files`,
    { ...common, "upload-length": String(size), "upload-metadata": metadata },
    [],
  );
  const upload = new URL(headers.location ?? "", url).href;
  for (let offset = 0; offset < size; offset += chunk) {
    const body = data.subarray(0, Math.min(chunk, size - offset));
    await send(
      "PATCH",
      upload,
      { ...common, "upload-offset": String(offset), "content-type": "application/offset+octet-stream" },
      [body],
    );
  }
}

/** `size` bytes as raw ranges. */
export async function sendRaw(
  { send }: Sender,
  { url, name, size, chunk, parallel }: { url: string; name: string; size: number; chunk: number; parallel: number },
): Promise<void> {
  const data = Buffer.alloc(chunk, "0123456789abcdef-");
  const made = await send("POST", `${url}/u`, { "content-type": "application/json" }, [
    Buffer.from(JSON.stringify({ name, size })),
  ]);
  const { id } = JSON.parse(made.body) as { id: string };
  let next = 0;
  const work = async () => {
    for (let at = next++ * chunk; at < size; at = next++ * chunk)
      await send("PUT", `${url}/u/${id}?offset=${String(at)}`, {}, [data.subarray(0, Math.min(chunk, size - at))]);
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

/** `size` bytes at their offsets, to the bare server. */
export async function sendBare(
  { send }: Sender,
  { url, size, chunk }: { url: string; size: number; chunk: number },
): Promise<void> {
  const data = Buffer.alloc(chunk, "0123456789abcdef-");
  for (let at = 0; at < size; at += chunk)
    await send("PUT", `${url}/?offset=${String(at)}`, {}, [data.subarray(0, Math.min(chunk, size - at))]);
}
