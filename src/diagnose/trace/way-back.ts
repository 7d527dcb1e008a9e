// Early demux: the kernel's short cut that loses the packets between a Pod with strict routing and its own node (spec 002).
import { addonValue } from './commands.ts';
import type { Party } from './party.ts';
import type { Cause, FlowProtocol, Hop } from './trace.ts';
import type { World } from './world.ts';

/**
 * Undefined where it cannot matter. With TCP either side's packets of the Pod meet a socket of the node once the connection begins; with UDP only
 * replies to a socket of the node that is connected do (facts of the data plane, section 3).
 */
export function earlyDemux(
  world: World,
  from: Party,
  to: Party,
  protocol: FlowProtocol,
): { readonly hop: Hop; readonly cause?: Cause } | undefined {
  if (protocol === 'ICMP') return undefined;
  const strict = [from, to].find(({ network }) => network === 'strict');
  const host = [from, to].find(({ network }) => network === 'host');
  const node = strict?.node?.metadata.name;
  if (strict === undefined || host === undefined || node !== host.node?.metadata.name) return undefined;
  if (protocol === 'UDP' && from === strict) return undefined;
  const routing = world.necs.get(node ?? '')?.status?.node?.routing;
  const on = protocol === 'TCP' ? routing?.tcpEarlyDemux : routing?.udpEarlyDemux;
  const name = `${protocol.toLowerCase()}_early_demux`;
  if (routing === undefined)
    return {
      hop: {
        where: 'way-back',
        verdict: 'note',
        source: 'inferred',
        text: `whether ${name} is on in node ${node} is not known: its agent has not told`,
      },
    };
  if (on !== true)
    return {
      hop: {
        where: 'way-back',
        verdict: 'pass',
        source: 'kernel',
        text: `${name} is off in node ${node}: what ${strict.name} sends is forwarded`,
      },
    };
  const key = `agent.config.disable${protocol === 'TCP' ? 'Tcp' : 'Udp'}EarlyDemux`;
  return {
    hop: {
      where: 'way-back',
      verdict: 'drop',
      source: 'kernel',
      text: `${name} is on in node ${node}: it gives the packets of ${strict.name} to the node's own socket before they are forwarded, and they are lost`,
    },
    cause: {
      code: 'EarlyDemux',
      text: `${strict.name} has strict routing and ${name} is on in its node ${node}: between the two ${protocol} times out (spec 002, Data Plane Solution)`,
      cures: [addonValue(key, 'true')],
    },
  };
}
