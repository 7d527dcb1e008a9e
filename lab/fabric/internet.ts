// The internet beside the VPC: one host that is reached over the router's device `wan`.
import { WAN } from './edge.ts';

/** Namespace of the host. */
export const INTERNET_NETNS = 'internet';
/** Address of the host; nobody in the lab has one of this range. */
export const INTERNET_HOST = '192.88.99.10';
const ROUTER = '192.88.99.1';

/** For `ip -batch` in the router's namespace: the link to the host, and the way to everything outside. */
export const INTERNET_LINK = [
  `link add ${WAN} type veth peer name eth0 netns ${INTERNET_NETNS}`,
  `address add ${ROUTER}/24 dev ${WAN}`,
  `link set ${WAN} up`,
  `route add default via ${INTERNET_HOST} dev ${WAN} onlink`,
] as const;

/** The same in the host's. */
export const INTERNET_GUEST = [
  `address add ${INTERNET_HOST}/24 dev eth0`,
  'link set eth0 up',
  `route add default via ${ROUTER} dev eth0`,
] as const;
