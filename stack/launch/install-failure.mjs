/** What npm says when, and what a person does about it; the first that fits counts. */
const causes = [
  {
    sign: /ENOSPC/,
    sentence: 'The packages can not be installed because the disk is full: free about 2 GB and run the command again.',
  },
  {
    sign: /EACCES|EPERM|EROFS/,
    sentence:
      'The packages can not be installed because a folder is not writable (the path is above): make it yours and run the command again.',
  },
  {
    sign: /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR/,
    sentence:
      'The packages can not be installed because the npm registry can not be reached: check the network (proxy, VPN, "npm ping") and run the command again.',
  },
  {
    sign: /npm error code E40[13]/,
    sentence:
      'The packages can not be installed because the npm registry refuses the credential: check your .npmrc and run the command again.',
  },
  {
    sign: /can only install packages when your package\.json and package-lock\.json/,
    sentence:
      'The packages can not be installed because package.json and package-lock.json disagree: run "npm install" once and commit the lock file.',
  },
  {
    sign: /spawn npm ENOENT/,
    sentence:
      'The packages can not be installed because npm is not on the PATH: install npm 10 or newer and try again.',
  },
];

/**
 * @param {{ output: string }} options npm's output
 * @returns {string} one sentence: what failed and what to do
 */
export function installFailureSentence({ output }) {
  const cause = causes.find(({ sign }) => sign.test(output));
  return (
    cause?.sentence ?? 'The packages can not be installed: npm says why above; mend that and run the command again.'
  );
}
