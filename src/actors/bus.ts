/**
 * @file The bus: everything that actors say to each other passes here, first in, first out. A message waits in one queue
 * until those before it are delivered, so an actor that sends while it receives never recurses: chains of any length run
 * on a flat stack, and the order of delivery is the order of sending. Who only watches has a stream of all messages; actors
 * are called directly, since hundreds of messages a step go to them.
 */
import { type Observable, Subject } from "rxjs";
import type { Message } from "../ir/message.ts";

export interface Bus {
  /** Puts a message at the end of the queue. */
  send(message: Message): void;
  /** Delivers until the queue is empty. Called from within a delivery it does nothing: the outer call goes on. */
  drain(): void;
  /** Says who takes what is for an actor. */
  connect(actor: number, receive: (message: Message) => void): void;
  /** Everything delivered, in order. */
  readonly messages$: Observable<Message>;
  /** How many were delivered. */
  readonly delivered: number;
}

export function createBus(): Bus {
  /** Those from `head` up to `tail` are still to be delivered. What lies outside is overwritten in time. */
  const queue: Message[] = [];
  const receivers: ((message: Message) => void)[] = [];
  const messages = new Subject<Message>();
  let head = 0;
  let tail = 0;
  let delivered = 0;
  let draining = false;

  return {
    messages$: messages.asObservable(),
    get delivered() {
      return delivered;
    },
    send: (message) => {
      queue[tail++] = message;
    },
    connect: (actor, receive) => {
      receivers[actor] = receive;
    },
    drain() {
      if (draining) return;
      draining = true;
      try {
        while (head < tail) {
          const message = queue[head++]!;
          delivered++;
          if (messages.observed) messages.next(message);
          receivers[message.to]?.(message);
        }
        head = tail = 0;
      } finally {
        draining = false;
      }
    },
  };
}
