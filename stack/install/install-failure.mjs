/** Signs in npm's output, each with the cause and what a person can do. The first sign that matches counts. */
const causes = [
  [/ENOSPC/, 'because the disk is full: free about 2 GB and run the command again.'],
  [
    /EACCES|EPERM|EROFS/,
    'because a folder is not writable (the path is above): make it yours and run the command again.',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|FETCH_ERROR/,
    'because the npm registry cannot be reached: check the network (proxy, VPN, "npm ping") and run the command again.',
  ],
  [
    /npm error code E40[13]/,
    'because the npm registry refuses the credential: check your .npmrc and run the command again.',
  ],
  [
    /can only install packages when your package\.json and package-lock\.json/,
    'because package.json and package-lock.json disagree: run "npm install" once and commit the lock file.',
  ],
  [/spawn npm ENOENT/, 'because npm is not on the PATH: install npm 10 or newer and try again.'],
];

/**
 * @param {string} output npm's output
 * @returns {string} one sentence: what failed and what to do
 */
export function installFailureSentence(output) {
  const cause = causes.find(([sign]) => sign.test(output));
  if (cause !== undefined) return `The packages cannot be installed ${cause[1]}`;
  return 'The packages cannot be installed: npm says why above; mend that and run the command again.';
}
