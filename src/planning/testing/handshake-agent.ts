// An agent of the handshake's model: its memory, its disk, views that may be old, and reports that arrive late, out of order or never.
import {
  type AddressBook,
  type AddressUse,
  allocate,
  allocationOf,
  emptyBook,
  freed,
} from '../../agent/address-book.ts';
import type { ModelApi } from './handshake-cloud.ts';
import type { HandshakeRules } from './handshake-rules.ts';

export interface ModelAgent {
  readonly enis: readonly string[];
  readonly disk: () => AddressBook;
  /** The view of an ENI moves to a version it had since; `latest` skips nothing. */
  see(eni: string, version: number): void;
  /** Allocates an address to the Pod, on disk; nothing when none can be had. */
  add(pod: string): void;
  /** Once the Pod is gone and unwired. */
  free(pod: string): void;
  /** Answers what it sees, and sends a report on its way. */
  answer(eni: string): void;
  /** One of the reports on their way arrives, or gets lost. */
  arrive(number: number, lost: boolean): void;
  readonly underWay: () => number;
  /** Memory is lost; the new process begins with views as old as `age` versions. */
  restart(age: number): void;
  /** How many Pods it could serve now, and nothing comes of it. */
  readonly servable: () => number;
}

export function createModelAgent(enis: readonly string[], api: ModelApi, rules: HandshakeRules): ModelAgent {
  let book: AddressBook = emptyBook;
  let disk: AddressBook = emptyBook;
  const seen = new Map<string, number>();
  let reports: { readonly eni: string; readonly use: AddressUse }[] = [];
  const view = (eni: string): { eni: string; pool: ReturnType<ModelApi['latest']>['pool'] } => ({
    eni,
    pool: api.at(eni, seen.get(eni) ?? 0).pool,
  });
  /** Allocations are always durable before they matter. */
  const store = (next: AddressBook): void => {
    book = next;
    disk = { ...disk, allocations: book.allocations, freedAt: book.freedAt };
  };
  return {
    enis,
    disk: () => disk,
    see: (eni, version) => seen.set(eni, Math.min(api.latest(eni).version, Math.max(version, seen.get(eni) ?? 0))),
    add: (pod) => {
      const found = allocationOf(book, pod) === undefined ? rules.pick(enis.map(view), book, 0, 0) : undefined;
      if (found?.ok === true) store(allocate(book, found.eni, found.ip, pod));
    },
    free: (pod) => store(freed(book, pod, 0)),
    answer: (eni) => {
      const said = rules.answer(view(eni), book);
      book = said.book;
      if (rules.durableBeforeReport) disk = book;
      if (said.use !== undefined) reports.push({ eni, use: { ...said.use, observedAt: '' } });
    },
    arrive: (number, lost) => {
      const [report] = reports.splice(number % Math.max(1, reports.length), 1);
      if (report === undefined || lost) return;
      if (JSON.stringify(api.latest(report.eni).use) === JSON.stringify(report.use)) return;
      // Its own fields only, so that it carries no resourceVersion.
      api.write(report.eni, (object) => ({ ...object, use: report.use }));
    },
    underWay: () => reports.length,
    restart: (age) => {
      book = disk;
      for (const eni of enis) seen.set(eni, Math.max(0, api.latest(eni).version - age));
    },
    servable: () => {
      let trial = book;
      for (let count = 0; ; count += 1) {
        const found = rules.pick(enis.map(view), trial, 0, 0);
        if (!found.ok) return count;
        trial = allocate(trial, found.eni, found.ip, `trial-${count}`);
      }
    },
  };
}
