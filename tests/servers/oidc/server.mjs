// A certified OpenID provider on loopback, set up as Entra ID and Keycloak would be for us: a confidential
// client, PKCE demanded, redirect addresses compared sign by sign. Prints one line when it listens.
import http from 'node:http';
import Provider from 'oidc-provider';

const facts = JSON.parse(process.argv[2]);
const people = facts.people; // what is claimed of each person, by the name that they sign in with

const provider = new Provider(facts.issuer, {
  clients: [{
    client_id: facts.client_id,
    client_secret: facts.client_secret,
    redirect_uris: [`${facts.public_url}/logga-in/svar`],
    post_logout_redirect_uris: [`${facts.public_url}/logga-in/ute`],
    id_token_signed_response_alg: 'RS256',
  }],
  pkce: { required: () => true, methods: ['S256'] },
  conformIdTokenClaims: false, // as the two providers do: name and address in the ID token
  claims: {
    openid: ['sub', 'groups', 'oid'],
    profile: ['name', 'preferred_username'],
    email: ['email', 'email_verified'],
  },
  cookies: { keys: ['only for tests'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, ...people[id] }),
  }),
  features: { devInteractions: { enabled: true } },
});

http.createServer(provider.callback()).listen(facts.port, '127.0.0.1', () => console.log('listening'));
