import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { answerText } from "./cached-answer.ts";

/** The least a Node server can do for a hit: read the body, parse it, and give the same bytes again. */
const bytes = Buffer.from(answerText);
const headers = { "Content-Type": "application/json; charset=utf-8", "Content-Length": bytes.length };

const server = createServer((incoming, outgoing) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => {
    const body: unknown = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString("utf8"));
    outgoing.writeHead(typeof body === "object" ? 200 : 400, headers);
    outgoing.end(bytes);
  });
});

server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
