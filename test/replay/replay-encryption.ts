import { parseEncryptionKeys } from '../../src/temporal/encryption-keys.ts';
import { dataConverterFor } from '../../src/temporal/data-converter.ts';

/** Everybody knows this key: what it encrypts was made up for the recordings. */
const KEY = Buffer.from('known-to-everybody-for-replaying').toString('base64');

export const replayKeys = parseEncryptionKeys(`replay:${KEY}`);
export const replayDataConverter = dataConverterFor(replayKeys);
