import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";

import type {
  DirsAnswer,
  FileAnswer,
  ListAnswer,
  PiecesAnswer,
  LogInAnswer,
  SessionAnswer,
  UnfinishedAnswer,
  UploadsAnswer,
} from "./api-types.ts";
import { urlOf } from "./answer.ts";
import type { Auth } from "./auth.ts";
import type { FilePath, Files, StoredFile, Upload, Uploads } from "./core.ts";
import { BadRequestError, NotFoundError } from "./failures.ts";
import { sessionCookie, tokenOf } from "./guard.ts";
import { bounds, proposed, routes } from "./protocol.ts";
import { receiveSmall, slowest, type Rate } from "./receive.ts";
import { sendJson, type Handler } from "./respond.ts";

type Parts = {
  readonly files: Files;
  readonly uploads: Uploads;
  readonly auth: Auth;
  /** The slowest a body may come. */
  readonly rate?: Rate;
};

/** `undefined` is answered with 204. */
type Route = (call: {
  readonly query: URLSearchParams;
  readonly body: ReadonlyMap<string, unknown>;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}) => object | undefined | Promise<object | undefined>;

/** The JSON API behind the page; answers false for what is not its own. */
export function createApi(parts: Parts): Handler {
  const table: Readonly<Record<string, Route>> = {
    ...sessionRoutes(parts),
    ...fileRoutes(parts),
    ...uploadRoutes(parts),
  };
  return async (request, response, url) => {
    if (!url.pathname.startsWith(`${routes.api}/`)) return false;
    const route = table[`${request.method ?? "GET"} ${url.pathname.slice(routes.api.length)}`];
    if (route === undefined) throw new NotFoundError(`There is no ${request.method ?? "GET"} ${url.pathname}.`);
    const body =
      request.method === "POST"
        ? await readBody({ request, response, rate: parts.rate ?? slowest })
        : new Map<string, unknown>();
    const answer = await route({ query: url.searchParams, body, request, response });
    if (answer === undefined) response.writeHead(204, { "cache-control": "no-store" }).end();
    else sendJson(response, 200, answer);
    return true;
  };
}

function sessionRoutes({ auth }: Parts): Record<string, Route> {
  return {
    "GET /session": ({ request }): SessionAnswer => ({
      password: auth.hasPassword(),
      open: auth.accepts(tokenOf(request)),
      ...proposed,
    }),
    "POST /session": async ({ body, request, response }): Promise<LogInAnswer> => {
      const { token, maxAgeS } = await auth.logIn(text(body, "password"), request.socket.remoteAddress ?? "");
      if (body.get("bearer") === true) return { token };
      response.setHeader("set-cookie", cookie(request, token, maxAgeS));
      return { token: null };
    },
    "DELETE /session": ({ request, response }) => {
      const token = tokenOf(request);
      if (token !== undefined) auth.logOut(token);
      response.setHeader("set-cookie", cookie(request, "", 0));
      return undefined;
    },
  };
}

function fileRoutes({ files }: Parts): Record<string, Route> {
  return {
    "GET /files": ({ query }): ListAnswer => {
      const dir = query.get("dir") ?? "";
      if (!files.hasDirectory(dir)) throw new NotFoundError(`There is no directory ${dir}.`);
      const { dirs, files: found } = files.list(dir);
      return { dir, dirs, files: found.map((file) => describeFile(file)) };
    },
    "POST /files/move": ({ body }) => describeFile(files.move(path(body.get("from")), path(body.get("to")))),
    "DELETE /files": async ({ query }) => {
      await files.remove({ dir: query.get("dir") ?? "", name: query.get("name") ?? "" });
      return undefined;
    },
    "GET /dirs": (): DirsAnswer => ({ dirs: listDirectories(files, "") }),
    "POST /dirs": ({ body }) => {
      files.makeDirectory(text(body, "dir"));
      return undefined;
    },
    "POST /dirs/move": ({ body }) => {
      files.moveDirectory(text(body, "from"), text(body, "to"));
      return undefined;
    },
    "DELETE /dirs": ({ query }) => {
      files.removeDirectory(query.get("dir") ?? "");
      return undefined;
    },
  };
}

function listDirectories(files: Files, dir: string): readonly string[] {
  return files.list(dir).dirs.flatMap((child) => [child, ...listDirectories(files, child)]);
}

function uploadRoutes({ uploads }: Parts): Record<string, Route> {
  return {
    "GET /uploads": (): UploadsAnswer => ({
      uploads: uploads
        .list("active")
        .filter((upload) => upload.tus === undefined || upload.tus.kind === "whole")
        .map((upload) => describeUpload(upload)),
    }),
    "GET /pieces": ({ query }): PiecesAnswer => ({
      pieces: uploads.pieces(query.get("id") ?? "").map(({ range: [start, end], crc }) => [start, end, crc]),
    }),
    "DELETE /uploads": async ({ query }) => {
      await uploads.remove(query.get("id") ?? "");
      return undefined;
    },
  };
}

function describeFile({ dir, name, size, sha256, createdMs }: StoredFile): FileAnswer {
  return { dir, name, size, sha256, createdMs, url: urlOf({ dir, name }) };
}

function describeUpload({ id, via, key, dir, name, size, received, touchedMs, reason }: Upload): UnfinishedAnswer {
  const idleMs = Math.max(0, Date.now() - touchedMs);
  return { id, via, key: key ?? null, dir, name, size: size ?? null, received, idleMs, reason: reason ?? null };
}

function cookie(request: IncomingMessage, token: string, maxAgeS: number): string {
  const secure = request.socket instanceof TLSSocket ? ["Secure"] : [];
  return [
    `${sessionCookie}=${token}`,
    "Path=/",
    `Max-Age=${String(maxAgeS)}`,
    "HttpOnly",
    "SameSite=Strict",
    ...secure,
  ].join("; ");
}

/** A JSON object of bounded size. The media type is checked since a form of another site cannot send it. */
async function readBody(parts: Parameters<typeof receiveSmall>[0]): Promise<ReadonlyMap<string, unknown>> {
  if (!/^application\/json\b/iu.test(parts.request.headers["content-type"] ?? ""))
    throw new BadRequestError("The body must be application/json.");
  const body = await receiveSmall(parts, {
    bytes: bounds.json,
    error: () => new BadRequestError(`The body has more than ${String(bounds.json)} bytes.`),
  });
  return new Map(Object.entries(parseObject(body.toString())));
}

function parseObject(json: string): object {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    throw new BadRequestError("The body is not JSON.", { cause });
  }
  throw new BadRequestError("The body is not a JSON object.");
}

function text(body: ReadonlyMap<string, unknown>, field: string): string {
  const value = body.get(field);
  if (typeof value !== "string") throw new BadRequestError(`The body needs a text "${field}".`);
  return value;
}

function path(value: unknown): FilePath {
  const fields = new Map<string, unknown>(Object.entries(typeof value === "object" && value !== null ? value : {}));
  return { dir: text(fields, "dir"), name: text(fields, "name") };
}
