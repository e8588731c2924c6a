import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A stream that stands still in its middle. */
export interface HeldStream {
  /** Whether the side that reads it closed its connection. */
  isLeft(): boolean;
}

/** A way to a server, byte for byte, on which an event stream can be stopped in its middle. */
export interface Tap {
  readonly url: string;
  /** The next event stream stops after its third event, for good. */
  holdNext(): HeldStream;
  stop(): Promise<void>;
}

interface Hold {
  left: boolean;
}

/** Starts one before `port` of 127.0.0.1. */
export async function startTap(port: number): Promise<Tap> {
  const sockets = new Set<Socket>();
  let next: Hold | undefined;

  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => sockets.delete(socket));
    }
    let isHeld = false;
    near.pipe(far);
    // A stream that is held is only ever ended by the side that reads it.
    far.on("close", () => void (isHeld || near.end()));
    far.on("data", (chunk) => {
      if (next !== undefined && isEventStream(chunk)) {
        const hold = next;
        next = undefined;
        isHeld = true;
        far.removeAllListeners("data");
        near.on("close", () => (hold.left = true));
        passEvents({ near, far, first: chunk });
      } else near.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdNext() {
      const hold: Hold = { left: false };
      next = hold;
      return { isLeft: () => hold.left };
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The head of an answer comes in one piece: it is short. */
const isEventStream = (chunk: Buffer): boolean => /^content-type: text\/event-stream/im.test(String(chunk));

/** The first event often says no more than whose turn it is, so there are three. */
const eventsMax = 3;

/** Passes the first events on, and never a byte more. */
function passEvents({ near, far, first }: { near: Socket; far: Socket; first: Buffer }): void {
  let events = 0;
  const pass = (chunk: Buffer): void => {
    let at = 0;
    while (events < eventsMax) {
      const end = chunk.indexOf("\n\n", at);
      if (end === -1) break;
      at = end + 2;
      events += 1;
    }
    if (events < eventsMax) near.write(chunk);
    else if (at > 0) near.write(chunk.subarray(0, at));
  };
  far.on("data", pass);
  pass(first);
}
