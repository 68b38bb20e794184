/**
 * @file What a session tells those who listen. Messages are on the bus whoever listens; the rest is told by the part that
 * does it, and only while somebody does: with no subscriber nothing is made and nothing is called.
 */
import { Observable, type Subject } from "rxjs";
import type { Message } from "../ir/message.ts";
import type { LoadedPlan, SessionEvent } from "../ir/session.ts";
import type { Arena, Piece } from "./arena.ts";
import type { Bus } from "./bus.ts";

const spoken = (message: Message): SessionEvent => ({ type: message.type === "ack" ? "credit" : "message", message });

/** Tells those who listen of memory that was taken. */
export function tellMemory(events: Subject<SessionEvent>, pieces: readonly Piece[], t: number): void {
  if (!events.observed) return;
  for (const piece of pieces) events.next({ type: "memory", ...piece, t });
}

/** The vocabulary as one stream. It begins with the plans and memory that are there already, and ends with the session. */
export const eventsOf = (
  events: Subject<SessionEvent>,
  bus: Bus,
  plans: { readonly arena: Arena; readonly numbered: readonly LoadedPlan[] },
  now: () => number,
): Observable<SessionEvent> =>
  new Observable((observer) => {
    const t = now();
    for (const plan of plans.numbered) observer.next({ type: "plan", plan, t });
    for (const piece of plans.arena.pieces) observer.next({ type: "memory", ...piece, t });
    observer.add(bus.messages$.subscribe((message) => observer.next(spoken(message))));
    observer.add(events.subscribe(observer));
  });
