import { find, make } from "./dom.ts";

type Field = {
  readonly label: string;
  readonly value: string;
  /** Offered while typing. */
  readonly choices?: readonly string[];
  readonly optional?: boolean;
};

type Question = {
  readonly title: string;
  readonly text?: string;
  readonly confirm: string;
  readonly danger?: boolean;
  readonly fields?: readonly Field[];
};

/** Asks in a modal dialog; the values of the fields in order, or undefined where the user cancelled. */
export async function ask(question: Question): Promise<readonly string[] | undefined> {
  const { title, text = "", confirm, danger = false, fields = [] } = question;
  const dialog = find("ask", HTMLDialogElement);
  const confirmButton = find("ask-confirm", HTMLButtonElement);
  find("ask-title", HTMLHeadingElement).textContent = title;
  find("ask-text", HTMLParagraphElement).textContent = text;
  confirmButton.textContent = confirm;
  confirmButton.className = danger ? "danger" : "strong";
  const inputs = fields.map((field, index) => makeField(field, index));
  find("ask-fields", HTMLDivElement).replaceChildren(...inputs.flatMap(({ nodes }) => nodes));

  const confirmed = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  dialog.showModal();
  const [first] = inputs;
  if (first !== undefined) first.input.select();
  // What destroys something is not one stray Enter away.
  else if (danger) find("ask-cancel", HTMLButtonElement).focus();
  return (await confirmed) ? inputs.map(({ input }) => input.value.trim()) : undefined;
}

/** Ends the question that is open. The `close` event comes too late: the next question may be open by then. */
let settle: (confirmed: boolean) => void = () => undefined;

/** Once, at the start: Cancel and Escape answer nothing, the form answers yes. */
export function wireDialog(): void {
  const dialog = find("ask", HTMLDialogElement);
  dialog.addEventListener("cancel", () => settle(false));
  find("ask-cancel", HTMLButtonElement).addEventListener("click", () => {
    dialog.close();
    settle(false);
  });
  find("ask-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    dialog.close();
    settle(true);
  });
}

function makeField({ label, value, choices = [], optional = false }: Field, index: number) {
  const id = `ask-field-${String(index)}`;
  const caption = make("label", {}, label);
  caption.htmlFor = id;
  const input = make("input", {});
  input.id = id;
  input.value = value;
  input.required = !optional;
  input.autocomplete = "off";
  input.spellcheck = false;
  if (choices.length === 0) return { input, nodes: [caption, input] };
  const list = make("datalist", {}, ...choices.map((choice) => new Option(choice)));
  list.id = `${id}-choices`;
  input.setAttribute("list", list.id);
  return { input, nodes: [caption, input, list] };
}
