import type { Usage } from "./core.ts";

export type Metrics = {
  /** A request that was answered. */
  readonly answered: (protocol: string, status: number) => void;
  readonly received: (bytes: number) => void;
  /** The Prometheus text format, version 0.0.4. */
  readonly render: (usage: Usage) => string;
};

export function createMetrics(): Metrics {
  const answers = new Map<string, number>();
  let bytes = 0;
  return {
    answered: (protocol, status) => {
      const labels = `protocol="${protocol}",status="${String(status)}"`;
      answers.set(labels, (answers.get(labels) ?? 0) + 1);
    },
    received: (count) => {
      bytes += count;
    },
    render: (usage) =>
      [
        ...family("upload_requests_total", "counter", "Requests answered.", [...answers]),
        ...family("upload_received_bytes_total", "counter", "Bytes of bodies read.", [["", bytes]]),
        ...family(
          "upload_uploads",
          "gauge",
          "Uploads the catalogue knows.",
          Object.entries(usage.uploads).map(([state, count]) => [`state="${state}"`, count]),
        ),
        ...family("upload_files", "gauge", "Published files.", [["", usage.files]]),
        ...family("upload_stored_bytes", "gauge", "Published contents, each once.", [["", usage.stored]]),
        ...family("upload_incoming_bytes", "gauge", "Bytes of unfinished uploads.", [["", usage.received]]),
        ...family("upload_pending_bytes", "gauge", "Bytes unfinished uploads still need.", [["", usage.pending]]),
        ...family("upload_free_bytes", "gauge", "What the file system has left.", [["", usage.free]]),
        "",
      ].join("\n"),
  };
}

function family(name: string, type: string, help: string, samples: readonly (readonly [string, number])[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([labels, value]) => `${name}${labels === "" ? "" : `{${labels}}`} ${String(value)}`),
  ];
}
