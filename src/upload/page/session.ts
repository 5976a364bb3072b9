import type { SessionAnswer } from "../api-types.ts";
import { call, CallError, sessionEnded } from "./calls.ts";
import { announce, find, messageOf } from "./dom.ts";

const retryMs = 2000;

/**
 * Shows the log-in where the server wants one, otherwise the store.
 *
 * @param onOpen called whenever the store opens: at the start, and after each log-in.
 */
export function startSession(onOpen: (session: SessionAnswer) => void): void {
  const form = find("log-in-form", HTMLFormElement);
  const password = find("password", HTMLInputElement);
  const error = find("log-in-error", HTMLParagraphElement);

  const refresh = async () => {
    const session = await call<SessionAnswer>("GET", "/api/session");
    show(session);
    if (session.open) onOpen(session);
  };
  const logIn = async () => {
    try {
      await call("POST", "/api/session", { password: password.value });
      form.reset();
      await refresh();
    } catch (failure) {
      error.textContent = messageOf(failure);
      password.select();
    }
  };
  const logOut = async () => {
    await call("DELETE", "/api/session");
    await refresh();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    error.textContent = "";
    void logIn();
  });
  find("log-out", HTMLButtonElement).addEventListener("click", () => {
    logOut().catch((failure: unknown) => announce(messageOf(failure)));
  });
  sessionEnded.addEventListener("end", () => {
    if (find("log-in", HTMLElement).hidden) void untilReachable(refresh);
  });
  void untilReachable(refresh);
}

/** Tries until the server answers; it may be starting. */
async function untilReachable(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (failure) {
    announce(messageOf(failure));
    if (!(failure instanceof CallError)) throw failure;
    setTimeout(() => void untilReachable(act), retryMs);
  }
}

function show({ password, open }: SessionAnswer): void {
  find("store", HTMLElement).hidden = !open;
  find("log-in", HTMLElement).hidden = open;
  find("log-out", HTMLElement).hidden = !(password && open);
  if (!open) find("password", HTMLInputElement).focus();
}
