import * as z from "zod";

/** The file descriptor of a pipe from the runner to a handler's process: its end is the runner's. */
export const runnerPipe = 4;

/** What the runner asks a handler's process. */
export const callSchema = z.object({
  id: z.int(),
  /** The handler's file, as a URL. */
  source: z.string(),
  event: z.unknown(),
});
export type HandlerCall = z.infer<typeof callSchema>;

const progressSchema = z.object({ rows: z.number(), done: z.number(), total: z.number() });

/** What the process says meanwhile and at the end; an error is what Lambda makes of an exception. */
export const reportSchema = z.union([
  z.object({ id: z.int(), progress: progressSchema }),
  z.object({
    id: z.int(),
    error: z.object({ errorType: z.string(), errorMessage: z.string(), trace: z.array(z.string()) }),
  }),
  z.object({ id: z.int(), result: z.unknown() }),
]);
export type HandlerReport = z.infer<typeof reportSchema>;

/** The line on stdout and stderr after which nothing of this call comes any more. */
export function endOfLogs(id: number): string {
  return `\u0000end of ${String(id)}\n`;
}
