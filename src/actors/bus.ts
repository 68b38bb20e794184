/**
 * @file The bus: everything that actors say to each other passes here, first in, first out. A message waits in one queue
 * until those before it are delivered, so an actor that sends while it receives never recurses: chains of any length run
 * on a flat stack, and the order of delivery is the order of sending. Each actor has an inbox, a stream of what is for it.
 */
import { type Observable, Subject } from "rxjs";
import type { Message } from "../ir/message.ts";

export interface Bus {
  /** Puts a message at the end of the queue. */
  send(message: Message): void;
  /** Delivers until the queue is empty. Called from within a delivery it does nothing: the outer call goes on. */
  drain(): void;
  /** What is delivered to one actor. */
  inbox(actor: number): Observable<Message>;
  /** Everything delivered, in order. */
  readonly messages$: Observable<Message>;
  /** How many were delivered. */
  readonly delivered: number;
}

export function createBus(): Bus {
  const queue: Message[] = [];
  const inboxes: Subject<Message>[] = [];
  const messages = new Subject<Message>();
  let next = 0;
  let delivered = 0;
  let draining = false;

  const inboxOf = (actor: number): Subject<Message> => {
    inboxes[actor] ??= new Subject();
    return inboxes[actor];
  };
  return {
    messages$: messages.asObservable(),
    get delivered() {
      return delivered;
    },
    send: (message) => {
      queue.push(message);
    },
    inbox: (actor) => inboxOf(actor).asObservable(),
    drain() {
      if (draining) return;
      draining = true;
      try {
        while (next < queue.length) {
          const message = queue[next++]!;
          delivered++;
          if (messages.observed) messages.next(message);
          inboxes[message.to]?.next(message);
        }
        queue.length = next = 0;
      } finally {
        draining = false;
      }
    },
  };
}
