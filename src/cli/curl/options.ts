/**
 * The table of curl's options and what `--curl` does with each. It says which options take a value, so that a value is
 * never read as a URL. `--curl` refuses options that are not in the table.
 *
 * - `read`: `request.ts` or `settings.ts` uses the option.
 * - `same`: ignored. The option changes nothing that preq does differently or that a server sees.
 * - `noted`: ignored with a note. The option is about curl's output or its retries.
 * - `remedy`: refused. The option changes what is sent, or which servers are trusted, and preq has no equivalent.
 */
export type Treatment = 'read' | 'same' | 'noted' | { readonly remedy: string }

export interface CurlOption {
  readonly name: string
  readonly short: string | undefined
  readonly takes: boolean
  readonly treatment: Treatment
}

const LEAVE = 'Leave it out if the server does not need it.'

/** `-o --output=`: a short name, a long name, and `=` if the option takes a value. */
const OPTION_TABLE: readonly (readonly [Treatment, string])[] = [
  [
    'read',
    `-X --request= -H --header= -d --data= --data-ascii= --data-raw= --data-binary= --data-urlencode= --json= -F --form=
    --form-string= -b --cookie= -u --user= -A --user-agent= -e --referer= --oauth2-bearer= --url= --url-query= -r --range=
    -x --proxy= -m --max-time= --connect-timeout= --max-redirs= --retry= --cacert= -E --cert= --key= -I --head -G --get
    -L --location -k --insecure -g --globoff --path-as-is --http2 --basic`,
  ],
  [
    'same',
    `-s --silent -S --show-error -v --verbose -i --include --show-headers -N --no-buffer -# --progress-bar
    --no-progress-meter --styled-output --no-styled-output -f --fail --fail-with-body --compressed --http1.1
    --tlsv1.2 --tcp-nodelay --no-keepalive --keepalive-time= --keepalive-cnt= --no-sessionid --ssl-no-revoke
    --ssl-revoke-best-effort -Z --parallel --parallel-immediate -q --disable --stderr= --trace-time --trace-ids
    -j --junk-session-cookies --suppress-connect-headers -B --use-ascii`,
  ],
  [
    'noted',
    `-o --output= -O --remote-name --remote-name-all --output-dir= --create-dirs --create-file-mode= -J --remote-header-name
    -R --remote-time --no-clobber --skip-existing --remove-on-error --xattr --out-null -w --write-out= -D --dump-header=
    -c --cookie-jar= --trace= --trace-ascii= --trace-config= --libcurl= --etag-save= --retry-delay= --retry-max-time=
    --retry-all-errors --retry-connrefused --limit-rate= -Y --speed-limit= -y --speed-time= --parallel-max=
    --parallel-max-host= --fail-early --expect100-timeout= --happy-eyeballs-timeout-ms= --http3 --no-alpn --no-npn
    --tcp-fastopen --mptcp -1 --tlsv1 --tlsv1.0 --tlsv1.1 --http0.9`,
  ],
  [{ remedy: 'Give the file with --body @FILE, and PUT with -X.' }, '-T --upload-file= -a --append --crlf'],
  [{ remedy: 'Paste one command at a time.' }, '-: --next'],
  [{ remedy: 'Write what the file holds into the command.' }, '-K --config='],
  [
    { remedy: "Give the credentials with -u 'user:password' in the command, or --auth @FILE." },
    '-n --netrc --netrc-optional --netrc-file=',
  ],
  [
    { remedy: 'preq knows Basic and bearer authentication only.' },
    '--digest --ntlm --ntlm-wb --negotiate --anyauth --aws-sigv4= --delegation= --service-name=',
  ],
  [
    {
      remedy: 'preq finds the address by itself. Leave it out, or put the host into the URL and give it with -H Host.',
    },
    `--resolve= --connect-to= --unix-socket= --abstract-unix-socket= --interface= --local-port= -4 --ipv4 -6 --ipv6
    --dns-interface= --dns-ipv4-addr= --dns-ipv6-addr= --dns-servers= --doh-url= --doh-insecure --doh-cert-status
    --haproxy-protocol --haproxy-clientip= --ip-tos= --vlan-priority= --request-target= --proto-default=`,
  ],
  [
    { remedy: 'preq speaks HTTP/1.1, and HTTP/2 over TLS with --http2. Leave it out.' },
    '-0 --http1.0 --http2-prior-knowledge --http3-only --tr-encoding --ignore-content-length --raw',
  ],
  [
    { remedy: 'preq changes a POST into a GET on 301, 302 and 303. Leave it out if that is intended.' },
    '--post301 --post302 --post303 --follow',
  ],
  [{ remedy: 'preq sends credentials to the origin of the URL only. Use --location.' }, '--location-trusted'],
  [{ remedy: "Give the header itself: -H 'If-Modified-Since: …'." }, '-z --time-cond= --etag-compare='],
  [{ remedy: "Give the header itself: -H 'Range: bytes=…-'." }, '-C --continue-at='],
  [{ remedy: 'Give --max-bytes beside --curl.' }, '--max-filesize='],
  [{ remedy: "Give --rate beside --curl: '10/s', '100/m'." }, '--rate='],
  [
    { remedy: 'Give the proxy with its credentials beside --curl: --proxy http://user:password@host:port.' },
    `-U --proxy-user= -p --proxytunnel --noproxy= --preproxy= --proxy-header= --proxy1.0= --socks4= --socks4a= --socks5=
    --socks5-hostname= --socks5-basic --socks5-gssapi --socks5-gssapi-nec --socks5-gssapi-service= --proxy-anyauth
    --proxy-basic --proxy-digest --proxy-ntlm --proxy-negotiate --proxy-insecure --proxy-cacert= --proxy-capath=
    --proxy-cert= --proxy-cert-type= --proxy-key= --proxy-key-type= --proxy-pass= --proxy-ciphers= --proxy-crlfile=
    --proxy-pinnedpubkey= --proxy-service-name= --proxy-ssl-allow-beast --proxy-ssl-auto-client-cert
    --proxy-tls13-ciphers= --proxy-tlsauthtype= --proxy-tlspassword= --proxy-tlsuser= --proxy-tlsv1 --proxy-ca-native
    --proxy-http2`,
  ],
  [
    { remedy: LEAVE },
    `--tlsv1.3 --tls-max= --ciphers= --tls13-ciphers= --curves= --sigalgs= --capath= --ca-native --cert-status --cert-type=
    --key-type= --pass= --crlfile= --pinnedpubkey= --engine= --egd-file= --random-file= --false-start --ssl-allow-beast
    --ssl-auto-client-cert --tlsauthtype= --tlspassword= --tlsuser= --tls-earlydata --ech= --dump-ca-embed -2 --sslv2
    -3 --sslv3 --ssl --ssl-reqd --alt-svc= --hsts= --proto= --proto-redir= --form-escape --disallow-username-in-url --variable= --upload-flags=
    --sasl-ir --sasl-authzid= --login-options= --krb= --metalink --compressed-ssh --hostpubmd5= --hostpubsha256=
    --pubkey= --knownhosts= -l --list-only -Q --quote= -P --ftp-port= --ftp-account= --ftp-alternative-to-user=
    --ftp-create-dirs --ftp-method= --ftp-pasv --ftp-pret --ftp-skip-pasv-ip --ftp-ssl --ftp-ssl-ccc --ftp-ssl-ccc-mode=
    --ftp-ssl-control --ftp-ssl-reqd --disable-eprt --disable-epsv --mail-auth= --mail-from= --mail-rcpt=
    --mail-rcpt-allowfails -t --telnet-option= --tftp-blksize= --tftp-no-options`,
  ],
  [{ remedy: 'Paste a command that sends something.' }, '-h --help= -M --manual -V --version'],
]

export const CURL_OPTIONS: readonly CurlOption[] = OPTION_TABLE.flatMap(([treatment, names]) => {
  const options: CurlOption[] = []
  let short: string | undefined
  for (const text of names.split(/\s+/)) {
    if (!text.startsWith('--') || text === '--') short = text.slice(1)
    else {
      const name = text.slice(2).replace(/=$/, '')
      options.push({ name, short, takes: text.endsWith('='), treatment })
      short = undefined
    }
  }
  return options
})

const BY_NAME: ReadonlyMap<string, CurlOption> = new Map(CURL_OPTIONS.map(option => [option.name, option]))
const BY_SHORT: ReadonlyMap<string, CurlOption> = new Map(
  CURL_OPTIONS.flatMap(option => (option.short === undefined ? [] : [[option.short, option] as const])),
)

export const longOption = (name: string): CurlOption | undefined => BY_NAME.get(name)
export const shortOption = (letter: string): CurlOption | undefined => BY_SHORT.get(letter)
