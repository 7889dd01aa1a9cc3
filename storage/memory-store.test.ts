import { describe } from 'vitest';
import { MemoryStore } from './memory-store.ts';
import { describeStoreContract } from './store-contract.ts';

describe('the store in memory', () => {
  describeStoreContract(async () => new MemoryStore());
});
