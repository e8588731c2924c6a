import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** An HTTP server on a free port of this machine, which can be away for a while. */
export interface SwitchableServer {
  readonly port: number;
  readonly openConnections: () => number;
  /** Closes it and all its connections: from then on it refuses them. */
  readonly refuse: () => Promise<void>;
  /** Lets it listen again, on the same port. */
  readonly accept: () => Promise<void>;
}

export async function startSwitchableServer(serve: RequestListener): Promise<SwitchableServer> {
  const sockets = new Set<Socket>();
  const listen = async (at: number): Promise<Server> => {
    const server = createServer(serve);
    server.keepAliveTimeout = 60_000;
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    });
    server.listen(at, "127.0.0.1");
    await once(server, "listening");
    return server;
  };
  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    openConnections: () => sockets.size,
    async refuse() {
      const closed = new Promise((resolve) => server.close(resolve));
      const gone = [...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
      for (const socket of sockets) socket.destroy();
      await Promise.all([closed, ...gone]);
    },
    async accept() {
      server = await listen(port);
    },
  };
}
