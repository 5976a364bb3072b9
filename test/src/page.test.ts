import { createHash } from "node:crypto";

import { expect } from "chai";

import { dataBlock, escapeHtml, page } from "../../src/page.ts";

const hashOf = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;

describe("page", () => {
  it("allows its own style and script by hash, and nothing else", () => {
    const html = page({ title: "T", body: "<p>x</p>", style: "p { color: red; }", script: "document.title = 'run';" });
    const style = /<style>([^]*?)<\/style>/u.exec(html)?.[1] ?? "";
    const script = /<script>([^]*?)<\/script>/u.exec(html)?.[1] ?? "";
    expect(style).to.contain("p { color: red; }");
    expect(html).to.contain(`style-src '${hashOf(style)}'; script-src '${hashOf(script)}'`);
    expect(html).to.contain("default-src 'none'");
    expect(html).not.to.match(/https?:\/\//u);
  });

  it("has no script element where no script was given", () => {
    const html = page({ title: "T", body: "" });
    expect(html).to.contain("script-src 'none'").and.not.to.contain("<script");
  });

  it("escapes the title", () => {
    expect(page({ title: "</title><script>", body: "" })).to.contain("<title>&#60;/title&#62;&#60;script&#62;</title>");
  });

  it("keeps a script from ending its element early", () => {
    const html = page({ title: "T", body: "", script: 'const text = "</script><!--";' });
    expect(html).to.contain('const text = "\\u003c/script>\\u003c!--";');
  });
});

describe("escapeHtml", () => {
  it("escapes what could leave text or a quoted attribute", () => {
    expect(escapeHtml(`<a b="c" d='e'>&`)).to.equal("&#60;a b=&#34;c&#34; d=&#39;e&#39;&#62;&#38;");
  });
});

describe("dataBlock", () => {
  it("carries any value without leaving its element", () => {
    const block = dataBlock("data", { text: "</script>" });
    expect(block).to.equal('<script type="application/json" id="data">{"text":"\\u003c/script>"}</script>');
    expect(JSON.parse(/>(.*)<\/script>$/u.exec(block)?.[1] ?? "")).to.deep.equal({ text: "</script>" });
  });
});
