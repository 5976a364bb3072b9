/** The element of the page with this id. */
export function find<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`The page has no ${kind.name} #${id}.`);
  return found;
}

type Facts = { readonly class?: string; readonly title?: string };

/** A new element; strings become text nodes, never markup. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  facts: Facts,
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (facts.class !== undefined) made.className = facts.class;
  if (facts.title !== undefined) made.title = facts.title;
  made.append(...children);
  return made;
}

/** @param object what the button acts on, for those who only hear its name: "Rename", "notes.txt". */
export function makeButton(text: string, object: string, onClick: () => void): HTMLButtonElement {
  const button = make("button", { class: "quiet" }, text);
  button.type = "button";
  button.setAttribute("aria-label", object === "" ? text : `${text} ${object}`);
  button.addEventListener("click", onClick);
  return button;
}

let silence: ReturnType<typeof setTimeout> | undefined;

/** Says it on the screen for a while, and to a screen reader. */
export function announce(text: string): void {
  const status = find("status", HTMLParagraphElement);
  status.textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => status.replaceChildren(), 8000);
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
