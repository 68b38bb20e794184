/** @file The live view over HTTP: who gets it, who does not, and what comes. */
import { request } from "node:http";
import { Observable, Subject } from "rxjs";
import { launch, type SessionEvent, type StepMetrics, serveLive } from "sluice";
import { describe, expect, test, vi } from "vitest";
import type { LiveFrame } from "../../src/view/live/types.ts";
import { applied, batches, plan } from "./support.ts";

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const ask = (url: string, { method = "GET", headers = {} } = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    request(url, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, text }));
    })
      .on("error", reject)
      .end();
  });

/** Frames as they come, until the server ends them or the reader leaves. */
async function* frames(url: string): AsyncGenerator<LiveFrame> {
  const response = await fetch(`${url}events`);
  let text = "";
  let frame: LiveFrame | null = null;
  for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
    text += part;
    const parts = text.split("\n\n");
    text = parts.pop()!;
    for (const one of parts) {
      const next: LiveFrame = applied(frame, JSON.parse(one.replace(/^data: /, "")));
      frame = next;
      yield next;
    }
  }
}

describe("the live view", () => {
  test("answers GET of its own address, and nothing else", async () => {
    await using session = await launch(plan);
    await using view = await serveLive(session, plan);
    const { hostname, port, pathname } = new URL(view.url);
    expect(hostname).toBe("127.0.0.1");
    expect(pathname).toMatch(/^\/[\w-]{32}\/$/);
    const page = await ask(view.url);
    expect(page.status).toBe(200);
    expect(page.text).toContain("connect-src 'self'");
    expect(page.headers).toMatchObject({ "referrer-policy": "no-referrer", "cache-control": "no-store" });
    const status = async (url: string, options = {}) => (await ask(url, options)).status;
    expect(await status(`http://127.0.0.1:${port}/`)).toBe(404);
    expect(await status(`http://127.0.0.1:${port}/${"x".repeat(32)}/`)).toBe(404);
    expect(await status(`${view.url}other`)).toBe(404);
    expect(await status(`${view.url}events/more`)).toBe(404);
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) expect(await status(view.url, { method })).toBe(405);
    // A name that was made to mean this machine, and a page of another origin.
    for (const host of [
      `evil.example:${port}`,
      "127.0.0.1",
      "127.0.0.1:1",
      "localhost",
      "localhost:1",
      `localhost.evil.example:${port}`,
    ])
      expect(await status(view.url, { headers: { host } })).toBe(403);
    for (const origin of [
      "http://evil.example",
      "null",
      `https://127.0.0.1:${port}`,
      "http://localhost",
      "http://localhost:1",
    ])
      expect(await status(`${view.url}events`, { headers: { origin } })).toBe(403);
    expect(await status(view.url, { headers: { origin: `http://127.0.0.1:${port}` } })).toBe(200);
    // Some write the address by the name that every machine has for itself.
    const localhost = { host: `localhost:${port}`, origin: `http://localhost:${port}` };
    expect(await status(view.url, { headers: localhost })).toBe(200);
    // Who is turned away is told why in a line, and nothing of the session.
    const refused = async (url: string, options = {}) => {
      const { text, headers } = await ask(url, options);
      expect(headers["content-type"]).toBe("text/plain; charset=utf-8");
      return text;
    };
    expect(await refused(view.url, { headers: { origin: "http://evil.example" } })).toBe(
      "403: only pages of 127.0.0.1 and localhost may ask, by this port\n",
    );
    expect(await refused(`http://127.0.0.1:${port}/`)).toBe(
      "404: nothing here; the address of the live view has a token, as it was printed\n",
    );
    expect(await refused(view.url, { method: "POST" })).toBe("405: GET alone; nothing can be changed here\n");
  });

  test("tells of steps and tasks while somebody looks, and takes no records otherwise", async () => {
    await using session = await launch(plan, { trace: true });
    let taken = 0;
    let listening = 0;
    const counted = Object.create(session, {
      flight: {
        value: () => {
          taken++;
          return session.flight();
        },
      },
      events$: {
        value: new Observable<SessionEvent>((observer) => {
          listening++;
          observer.add(() => listening--);
          return session.events$.subscribe(observer);
        }),
      },
    }) as typeof session;
    await using view = await serveLive(counted, plan);
    const stop = new AbortController();
    const running = (async () => {
      for await (const _ of session.run(batches(stop.signal)));
    })();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect([taken, listening]).toEqual([0, 0]);
    let frame: LiveFrame | undefined;
    for await (frame of frames(view.url)) if ((frame.step?.step ?? 0) > 60) break;
    expect(frame!.status).toBe("running");
    expect(frame!.step!.rate).toBeGreaterThan(5);
    expect(frame!.curves.map(({ name }) => name)).toEqual(["tiny.loss"]);
    expect(frame!.curves[0]!.points.length).toBeGreaterThan(40);
    expect(frame!.ranks.map(({ rank }) => rank)).toEqual([0, 1]);
    expect(frame!.tasks.map(({ id }) => id).sort()).toEqual(plan.data.tasks.map(({ id }) => id).sort());
    for (const { shares } of frame!.tasks) expect(Object.values(shares).reduce((a, b) => a + b)).toBeCloseTo(1, 2);
    const source = plan.data.tasks.find(({ kind }) => kind === "source")!;
    expect(frame!.tasks.find(({ id }) => id === source.id)!.shares.data).toBeGreaterThan(0.5);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = taken;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([taken > 0, taken - before, listening]).toEqual([true, 0, 0]);
    stop.abort();
    await running;
  });

  test("says so when the session ends under way, and ends when it is closed", async () => {
    const session = await launch(plan);
    const view = await serveLive(session, plan);
    const stop = new AbortController();
    const seen: LiveFrame[] = [];
    const looking = (async () => {
      for await (const frame of frames(view.url)) seen.push(frame);
    })();
    const running = (async () => {
      for await (const { step } of session.run(batches(stop.signal))) if (step === 5) void session.close();
    })();
    await expect(running).rejects.toThrow("the session was closed");
    await vi.waitFor(() => expect(seen.at(-1)?.status).toBe("closed"), 5000);
    expect((await ask(view.url)).status).toBe(200);
    await view.close();
    await view.close();
    await looking;
    await expect(ask(view.url)).rejects.toThrow();
  });

  test("tells why a session has failed", async () => {
    await using session = await launch(plan);
    const [events$, metrics$] = [new Subject<SessionEvent>(), new Subject<StepMetrics>()];
    const failing = {
      flight: session.flight,
      templateOf: session.templateOf,
      status: "failed" as const,
      events$,
      metrics$,
    };
    await using view = await serveLive(failing, plan);
    for await (const { failure } of frames(view.url)) {
      if (failure) {
        expect(failure).toBe("rank 1 is gone");
        break;
      }
      events$.next({ type: "failure", reason: "rank 1 is gone", t: 1 });
      metrics$.complete();
    }
  });

  test("refuses options that there are not", async () => {
    await using session = await launch(plan);
    await expect(serveLive(session, plan, { prot: 1 } as object)).rejects.toThrow(/did you mean "port"/);
    await expect(serveLive(session, plan, { port: 70_000 })).rejects.toThrow(/SL1075/);
  });
});
