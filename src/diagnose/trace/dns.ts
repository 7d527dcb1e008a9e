// Whether a caller's names are resolved: which server it asks, and whether its questions get there (spec 001).
import { objectNames } from '../../api/keys.ts';
import { traceLeg } from './leg.ts';
import { standardRouting } from './next-steps.ts';
import type { Party } from './party.ts';
import { behindService, serviceName } from './service.ts';
import type { Cause, Hop } from './trace.ts';
import type { World } from './world.ts';

export interface DnsAnswer {
  readonly hop: Hop;
  readonly cause?: Cause | undefined;
  readonly unknown?: string | undefined;
}

const DNS_PORT = 53;
const DNS_SERVICES = ['kube-dns', 'coredns'] as const;

/** UDP decides: resolvers ask by TCP only after an answer by UDP. */
export function traceDns(world: World, from: Party, name: string): DnsAnswer {
  const note = (text: string): DnsAnswer => ({ hop: { where: 'name', verdict: 'note', source: 'inferred', text } });
  if (from.pod === undefined) return note(`${name} is resolved as on ${from.name}, which is not looked at`);
  const { dnsPolicy = 'ClusterFirst' } = from.pod.spec as { dnsPolicy?: string };
  const byCluster =
    dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && from.pod.spec.hostNetwork !== true);
  if (!byCluster)
    return note(
      `${name} is resolved by the server of dnsPolicy ${dnsPolicy}, not by the cluster's; that is not looked at`,
    );
  const routing = world.necs.get(from.node?.metadata.name ?? '')?.status?.node?.routing;
  if (from.network === 'strict' && routing?.nodeLocalDNS === true) {
    const text = `the DNS cache of node ${from.node?.metadata.name ?? ''} listens inside the node, where a Pod with strict routing does not reach it`;
    return {
      hop: { where: 'name', verdict: 'drop', source: 'kernel', text },
      cause: {
        code: 'StrictNodeLocalDns',
        text: `${name} is not resolved: ${text} (spec 002)`,
        cures: standardRouting(from.pod),
      },
    };
  }
  const service = world.picture.kube.services.find(
    ({ metadata }) =>
      metadata.namespace === objectNames.systemNamespace && DNS_SERVICES.some((each) => each === metadata.name),
  );
  if (service === undefined)
    return note(`there is no Service ${DNS_SERVICES.join(' or ')} in kube-system; who resolves ${name} is not known`);
  const behind = behindService(world, service, 'UDP', DNS_PORT);
  if (behind.kind === 'nobody')
    return {
      hop: { where: 'name', verdict: 'drop', source: 'cluster', text: `${name} is not resolved: ${behind.hop.text}` },
      cause: { ...behind.cause, code: 'DnsClosed', text: `${name} is not resolved: ${behind.cause.text}` },
    };
  const legs = behind.endpoints.map(({ party, port }) => ({
    party,
    leg: traceLeg(world, { from, to: party, protocol: 'UDP', port }),
  }));
  const shut = legs.find(({ leg }) => leg.verdict === 'dropped');
  const unsure = legs.find(({ leg }) => leg.verdict === 'unknown');
  const who = (party: Party): string => `${party.name} (${party.address}), which answers for ${serviceName(service)}`;
  if (shut === undefined)
    return unsure === undefined
      ? {
          hop: {
            where: 'name',
            verdict: 'pass',
            source: 'cloud',
            text: `${name}: DNS is allowed, UDP 53 gets to ${legs.length === 1 ? who(legs[0]?.party ?? from) : `all ${legs.length} servers of ${serviceName(service)}`}`,
          },
        }
      : {
          hop: {
            where: 'name',
            verdict: 'unknown',
            source: 'inferred',
            text: `${name}: whether DNS is allowed is not known`,
          },
          unknown: unsure.leg.unknowns[0] ?? 'whether DNS is allowed is not known',
        };
  const some = legs.every(({ leg }) => leg.verdict === 'dropped') ? '' : 'now and then ';
  const text = `UDP 53 from ${from.name} does not get to ${who(shut.party)}`;
  const inner = shut.leg.cause;
  return {
    hop: {
      where: 'name',
      verdict: 'drop',
      source: 'cloud',
      text: `${name}: ${text}`,
      rule: shut.leg.hops.at(-1)?.rule,
    },
    cause: {
      code: 'DnsClosed',
      text: `${name} is ${some}not resolved: ${text}: ${inner?.text ?? ''}; by its address the destination may still be reached (spec 001)`,
      cures: inner?.cures ?? [],
      next: inner?.next,
    },
  };
}
