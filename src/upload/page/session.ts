import type { SessionAnswer } from "../api-types.ts";
import { call, CallError, sessionEnded } from "./calls.ts";
import { find, messageOf } from "./dom.ts";

/**
 * Shows the log-in where the server wants one, otherwise the store.
 *
 * @param onOpen called whenever the store opens: at the start, and after each log-in.
 */
export async function startSession(onOpen: (session: SessionAnswer) => void): Promise<void> {
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
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    error.textContent = "";
    void logIn();
  });
  find("log-out", HTMLButtonElement).addEventListener("click", () => {
    call("DELETE", "/api/session").then(refresh, () => undefined);
  });
  sessionEnded.addEventListener("end", () => {
    if (find("log-in", HTMLElement).hidden) void refresh();
  });
  await refresh();
}

/** Tries until the server answers; it may be starting. */
export async function untilReachable(act: () => Promise<void>, onFailure: (message: string) => void): Promise<void> {
  try {
    await act();
  } catch (error) {
    onFailure(messageOf(error));
    if (!(error instanceof CallError)) throw error;
    setTimeout(() => void untilReachable(act, onFailure), 2000);
  }
}

function show({ password, open }: SessionAnswer): void {
  find("store", HTMLElement).hidden = !open;
  find("log-in", HTMLElement).hidden = open;
  find("log-out", HTMLElement).hidden = !(password && open);
  if (!open) find("password", HTMLInputElement).focus();
}
