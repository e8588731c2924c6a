import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** The one address that specs may fetch from; loopback, and none of the machine's own interfaces. */
export const goodAddress = "127.0.0.2";

/** A server that counts who connects, whatever they do then. */
export interface PageServer {
  readonly port: number;
  readonly accepted: number;
  readonly requests: readonly IncomingMessage[];
  close(): Promise<void>;
}

export async function startPageServer(
  listener: RequestListener,
  { host = goodAddress, port = 0 } = {},
): Promise<PageServer> {
  let accepted = 0;
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    listener(request, response);
  });
  server.on("connection", () => (accepted += 1));
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return accepted;
    },
    requests,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
