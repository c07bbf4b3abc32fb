module.exports = {
  apps: [{ name: 'directus', script: 'cli.js', args: ['start'], exec_mode: 'cluster', wait_ready: true }],
};
