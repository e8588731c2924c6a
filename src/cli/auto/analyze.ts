import { misused, printPage, type PrintFlags } from "../daemon/print.ts";
import { analysisText } from "./analysis-text.ts";

/** `chasqui analyze TEXT`: what `auto` would do with it, and why; nobody is asked. `-` reads standard input. */
export async function analyze(flags: PrintFlags, said: string): Promise<void> {
  const text = said === "-" ? await standardInput() : said;
  if (text.trim() === "") return misused("there is no text to analyze");
  const body = { model: "auto", messages: [{ role: "user", content: text }] };
  await printPage(flags, { path: "/api/analyze", body }, analysisText);
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}
