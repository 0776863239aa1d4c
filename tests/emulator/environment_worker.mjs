// The environment worker of npm's client: serves the sessions of one environment in one folder, until it is killed.
import Anthropic from '@anthropic-ai/sdk';

const { BASE_URL: baseURL, TOKEN: token, ENVIRONMENT: environmentId, WORKDIR: workdir } = process.env;
const client = new Anthropic({ baseURL, authToken: token, apiKey: null });
const options = { environmentId, environmentKey: token, workdir, workerId: 'w1', maxIdleMs: 100 };
await client.beta.environments.work.worker(options).run();
