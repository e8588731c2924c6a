import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ask } from "./ask.ts";

/** A way to an upstream on which answers can be kept back or lost. */
export interface Link {
  readonly url: string;
  /** From now on answers for this path stay on the way. What they say was said when they were asked for. */
  hold(path: string): void;
  /** From now on requests for this path are answered with 500. */
  fail(path: string): void;
  /** From now on requests are passed on as if nothing had been. */
  mend(): void;
  /** How many answers are kept back. */
  readonly held: number;
  /** Lets those go that are kept back. */
  release(): void;
  stop(): Promise<void>;
}

export async function startLink(target: string): Promise<Link> {
  const holding = new Set<string>();
  const failing = new Set<string>();
  let kept: (() => void)[] = [];
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? "";
    const serve = async (): Promise<void> => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      if (failing.has(path)) {
        outgoing.writeHead(500, { "content-type": "text/plain" }).end("no");
        return;
      }
      const body = chunks.length === 0 ? undefined : Buffer.concat(chunks);
      const answer = await ask(target + path, body, { method: incoming.method ?? "GET" });
      const say = (): void => {
        const type = answer.headers["content-type"];
        outgoing
          .writeHead(answer.status, type === undefined ? {} : { "content-type": type })
          .end(answer.body);
      };
      if (holding.has(path)) kept.push(say);
      else say();
    };
    serve().catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (path) => void holding.add(path),
    fail: (path) => void failing.add(path),
    mend() {
      holding.clear();
      failing.clear();
    },
    get held() {
      return kept.length;
    },
    release() {
      const going = kept;
      kept = [];
      for (const say of going) say();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
