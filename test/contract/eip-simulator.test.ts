import { eipContract } from './eip-calls.ts';
import { openSimulatedAccount } from './simulated-account.ts';

eipContract('Tencent adapter against the simulated cloud', () => openSimulatedAccount());
