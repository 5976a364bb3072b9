import { formatDuration } from "../rate.ts";
import { formatSize } from "../size.ts";
import { make, makeButton } from "./dom.ts";

/** What a file on its way is doing. */
export type JobState = "waiting" | "checking" | "sending" | "retrying" | "paused" | "failed" | "cancelled" | "done";

type RowView = {
  readonly state: JobState;
  /** Bytes on the server, as far as this page knows. */
  readonly sent: number;
  readonly perSecond: number;
  /** Why it waits or failed, or what became of it. */
  readonly message: string;
};

type RowActions = Readonly<Record<"pause" | "resume" | "cancel" | "dismiss", () => void>>;

export type Row = { readonly element: HTMLLIElement; readonly show: (view: RowView) => void };

/** One line of "Sending": name, bar, facts, and the buttons that make sense in its state. */
export function createRow(name: string, size: number, actions: RowActions): Row {
  const bar = make("progress", {});
  bar.max = Math.max(1, size);
  bar.setAttribute("aria-label", `Progress of ${name}`);
  const facts = make("span", { class: "facts" });
  const buttons = {
    pause: makeButton("Pause", name, actions.pause),
    resume: makeButton("Resume", name, actions.resume),
    cancel: makeButton("Cancel", name, actions.cancel),
    dismiss: makeButton("Dismiss", name, actions.dismiss),
  };
  const element = make(
    "li",
    {},
    make("span", { class: "name" }, name),
    facts,
    make("span", { class: "actions" }, ...Object.values(buttons)),
    bar,
  );

  return {
    element,
    show(view) {
      const { state, sent } = view;
      element.dataset["state"] = state;
      bar.value = size === 0 && state === "done" ? 1 : sent;
      bar.textContent = `${String(Math.floor((100 * sent) / Math.max(1, size)))} %`;
      facts.replaceChildren(...factsOf(view, size).map((fact) => make("span", {}, fact)));
      buttons.resume.textContent = state === "paused" ? "Resume" : state === "retrying" ? "Retry now" : "Retry";
      buttons.resume.setAttribute("aria-label", `${buttons.resume.textContent} ${name}`);
      showOnly(buttons, visible[state]);
    },
  };
}

const visible: Readonly<Record<JobState, readonly (keyof RowActions)[]>> = {
  waiting: ["cancel"],
  checking: ["pause", "cancel"],
  sending: ["pause", "cancel"],
  retrying: ["resume", "cancel"],
  paused: ["resume", "cancel"],
  failed: ["resume", "dismiss"],
  cancelled: ["resume", "dismiss"],
  done: ["dismiss"],
};

/** Who pressed a button that goes away stays in the row. */
function showOnly(buttons: Readonly<Record<keyof RowActions, HTMLButtonElement>>, names: readonly string[]): void {
  const hadFocus = Object.values(buttons).some((button) => button === document.activeElement);
  for (const [name, button] of Object.entries(buttons)) button.hidden = !names.includes(name);
  const shown = Object.values(buttons).filter((button) => !button.hidden);
  if (hadFocus && !shown.some((button) => button === document.activeElement)) shown[0]?.focus();
}

function factsOf({ state, sent, perSecond, message }: RowView, size: number): readonly string[] {
  const amount = `${formatSize(sent)} of ${formatSize(size)}`;
  const facts: Readonly<Record<JobState, readonly string[]>> = {
    waiting: [formatSize(size), "Waiting"],
    checking: sent === 0 ? [formatSize(size), "Waiting"] : [amount, "Comparing with what is there"],
    sending: sent >= size ? [formatSize(size), "Finishing"] : [amount, ...speed(perSecond, size - sent)],
    retrying: [amount, message],
    paused: [amount, "Paused", message],
    failed: [amount, message],
    cancelled: ["Cancelled"],
    done: [formatSize(size), message],
  };
  return facts[state].filter((fact) => fact !== "");
}

function speed(perSecond: number, left: number): readonly string[] {
  return perSecond === 0 ? [] : [`${formatSize(perSecond)}/s`, `${formatDuration(left / perSecond)} left`];
}
