/**
 * @file `serveLive`: the plan explorer's page of a running session, over HTTP on this machine alone. Nothing can be changed
 * through it. Who does not know the token in its address gets nothing; nor does a page of another origin, or a name that
 * was made to mean this machine (DNS rebinding).
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { nanoid } from "nanoid";
import { userLine } from "../../graph/source.ts";
import { checkOptions, OptionError, showGiven } from "../../ir/errors.ts";
import type { PlanData } from "../../ir/plan.ts";
import { explorerData } from "../explorer/data.ts";
import { explorerPage } from "../explorer/page.ts";
import { expectGiven, planGiven } from "../given.ts";
import { changes } from "./changes.ts";
import type { LiveFrame } from "./types.ts";
import { type Watched, watch } from "./watch.ts";

export interface LiveOptions {
  /** Default: one that is free. */
  readonly port?: number;
}

export interface LiveView extends AsyncDisposable {
  /** With a token: whoever has it may look. */
  readonly url: string;
  /** Ends it, for those who watch too. Idempotent. */
  close(): Promise<void>;
}

/** Milliseconds from frame to frame. */
const rate = 250;
const host = "127.0.0.1";

const headers = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Equal, in a time that does not tell where they differ. */
const digest = (text: string) => createHash("sha256").update(text).digest();
const equal = (a: string, b: string) => timingSafeEqual(digest(a), digest(b));

/**
 * Serves the plan explorer of a session's plan on 127.0.0.1, with a view of what runs: losses, steps a second, how busy each
 * rank is, and of each task the share of the last seconds in which it worked, waited for data, or was held back by a slot
 * that nobody had let go of. Work is timed where the session was launched with `{ trace: true }`, else seen by samples of
 * the event loop. Four frames a second while a browser looks; records are taken only then. It does not keep the
 * process alive, and goes on after the session has ended or failed, until it is closed: the page says so.
 *
 * @param plan the one that the session was launched with
 * @returns once it listens. Throws OptionError SL1075 for what is no session, SL1072 for what is no plan, SL1074 and SL1075
 *   for options, SL7060 for a port that cannot be had.
 *
 * @example
 * await using view = await serveLive(session, plan);
 * console.log(view.url);
 */
export async function serveLive(
  session: Watched,
  plan: { readonly data: PlanData },
  options: LiveOptions = {},
): Promise<LiveView> {
  const { flight, templateOf } = session ?? {};
  expectGiven(typeof flight === "function" && typeof templateOf === "function", session, "serveLive, the session", [
    "what launch(plan) resolves to",
  ]);
  const data = planGiven("serveLive", plan);
  checkOptions("SL1074", "serveLive", options, ["port"], userLine);
  const { port = 0 } = options;
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new OptionError("SL1075", `it is ${showGiven(port)}`, {
      subject: "serveLive, option port",
      at: userLine(),
      choices: ["0 to 65535"],
    });
  const token = nanoid(32);
  /** Who looks, and what each has been sent. */
  const viewers = new Map<ServerResponse, LiveFrame | undefined>();
  let page: Promise<string> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const send = () => {
    const frame = watching.frame();
    for (const [viewer, sent] of viewers) {
      // Who has not read the last one is not sent another: the next one says what has changed since.
      if (viewer.writableNeedDrain) continue;
      const { change, known } = changes(sent, frame);
      viewers.set(viewer, known);
      viewer.write(`data: ${JSON.stringify(change)}\n\n`);
    }
  };
  const watching = watch(session, data, () => send());
  const view = (response: ServerResponse) => {
    response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
    viewers.set(response, undefined);
    if (viewers.size === 1) {
      watching.begin();
      timer = setInterval(send, rate).unref();
    }
    send();
    response.on("close", () => {
      viewers.delete(response);
      if (viewers.size > 0) return;
      watching.end();
      clearInterval(timer);
    });
  };

  const server = createServer(async (request, response) => {
    const [status, path] = checked(request, (server.address() as AddressInfo).port, token);
    if (status !== 200) return refuse(response, status);
    if (path === "events") return view(response);
    try {
      page ??= explorerData(data).then((document) => explorerPage(document, { live: true }));
      response.writeHead(200, { ...headers, "content-type": "text/html; charset=utf-8" }).end(await page);
    } catch {
      refuse(response, 500);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(unheard(port, error)));
    server.listen(port, host, resolve);
  });
  server.unref();
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= new Promise((resolve) => {
      send();
      watching.close();
      clearInterval(timer);
      for (const viewer of viewers.keys()) viewer.end();
      server.close(() => resolve());
      server.closeAllConnections();
    });
    return closed;
  };
  return {
    url: `http://${host}:${(server.address() as AddressInfo).port}/${token}/`,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const told = {
  403: `only pages of ${host} and localhost may ask, by this port`,
  404: "nothing here; the address of the live view has a token, as it was printed",
  405: "GET alone; nothing can be changed here",
  500: "the page of this plan cannot be drawn",
} as const;

function refuse(response: ServerResponse, status: keyof typeof told): void {
  const plain = { ...headers, "content-type": "text/plain; charset=utf-8" };
  response.writeHead(status, plain).end(`${status}: ${told[status]}\n`);
}

/** The status that a request gets, and what it asks for. Its port is this one, by either name of this machine. */
function checked(
  { method, headers, url = "" }: IncomingMessage,
  port: number,
  token: string,
): [200, string] | [403 | 404 | 405] {
  const { host: asked, origin } = headers;
  const own = [host, "localhost"].map((name) => `${name}:${port}`);
  const known = origin === undefined || own.some((name) => origin === `http://${name}`);
  if (asked === undefined || !own.includes(asked) || !known) return [403];
  if (method !== "GET") return [405];
  const [, given = "", path = "", ...more] = url.split("/");
  return equal(given, token) && ["", "events"].includes(path) && more.length === 0 ? [200, path] : [404];
}

const unheard = (port: number, cause: Error): OptionError =>
  new OptionError("SL7060", `port ${port} of ${host} cannot be had: ${cause.message}`, {
    subject: "serveLive",
    choices: ["0, which takes one that is free"],
    cause,
  });
