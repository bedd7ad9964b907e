package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluis/internal/testenv"
	"sluis/proxy/ca"
)

// network is a school in network namespaces: a client, and a router on which the gateway
// runs and behind which the sites are.
type network struct {
	t              *testing.T
	client, router string
}

// Addresses of the network. Sites are where no request of a test can get by mistake.
const (
	clientAddress = "10.77.0.2"
	routerAddress = "10.77.0.1"
	siteAddress   = "10.88.0.1"
)

func newNetwork(t *testing.T) *network {
	t.Helper()
	testenv.Need(t, "ip", "nft")
	id := fmt.Sprintf("%d", time.Now().UnixNano()%1e9)
	n := &network{t, "sc" + id, "sr" + id}
	if out, err := exec.Command("ip", "netns", "add", n.client).CombinedOutput(); err != nil {
		testenv.Lack(t, "network namespaces cannot be made here: %s", out)
	}
	t.Cleanup(func() {
		for _, ns := range []string{n.client, n.router} {
			exec.Command("ip", "netns", "del", ns).Run()
		}
	})
	n.do("ip netns add " + n.router)
	n.do("ip link add c" + id + " netns " + n.client + " type veth peer name r" + id + " netns " + n.router)
	n.in(n.client, "ip addr add "+clientAddress+"/24 dev c"+id)
	n.in(n.client, "ip link set c"+id+" up")
	n.in(n.client, "ip route add default via "+routerAddress)
	n.in(n.router, "ip addr add "+routerAddress+"/24 dev r"+id)
	n.in(n.router, "ip link set r"+id+" up")
	n.in(n.router, "ip link set lo up")
	n.in(n.router, "ip addr add "+siteAddress+"/32 dev lo")
	return n
}

func (n *network) do(command string) string {
	n.t.Helper()
	fields := strings.Fields(command)
	out, err := exec.CommandContext(n.t.Context(), fields[0], fields[1:]...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return string(out)
}

func (n *network) in(namespace, command string) string {
	n.t.Helper()
	return n.do("ip netns exec " + namespace + " " + command)
}

// rules loads a table of nftables in the router.
func (n *network) rules(table string) {
	n.t.Helper()
	cmd := exec.Command("ip", "netns", "exec", n.router, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(table)
	if out, err := cmd.CombinedOutput(); err != nil {
		n.t.Fatalf("nft: %v\n%s", err, out)
	}
}

// start starts a program in the router until the test ends.
func (n *network) start(env []string, program string, args ...string) *testenv.Log {
	n.t.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", n.router, program}, args...)...)
	log := &testenv.Log{}
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), log, log
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	cmd.WaitDelay = 5 * time.Second // for workers that outlive it
	n.t.Cleanup(func() { cmd.Process.Signal(syscall.SIGTERM); cmd.Wait() })
	return log
}

// TestTransparent puts the gateway between a client that knows of no proxy and the sites:
// by redirection and by TPROXY, plain and over TLS.
func TestTransparent(t *testing.T) {
	testenv.Need(t, "curl", "nginx")
	for _, how := range []struct{ name, rules string }{
		{"redirect", `table ip sluis {
	chain c {
		type nat hook prerouting priority dstnat
		ip daddr != 10.77.0.1 tcp dport 80 redirect to :3129
		ip daddr != 10.77.0.1 tcp dport 443 redirect to :3130
	}
}
`},
		{"tproxy", `table ip sluis {
	chain c {
		type filter hook prerouting priority mangle
		iifname "lo" accept
		tcp dport 80 tproxy to :3129 meta mark set 1 accept
		tcp dport 443 tproxy to :3130 meta mark set 1 accept
	}
}
`},
	} {
		t.Run(how.name, func(t *testing.T) {
			n := newNetwork(t)
			if how.name == "tproxy" {
				n.in(n.router, "ip rule add fwmark 1 lookup 100")
				n.in(n.router, "ip route add local 0.0.0.0/0 dev lo table 100")
			}
			dir := t.TempDir()
			trust := n.sites(dir)
			n.rules(how.rules)
			log := n.gateway(dir, how.name)
			for end := time.Now().Add(testenv.Patience); strings.Count(log.String(),
				"takes web traffic") < 2; time.Sleep(20 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("the gateway does not come up:\n%s", log)
				}
			}
			for _, tt := range []struct{ name, url, status, want string }{
				{"a plain site", "http://molen.example/", "200", "Welkom bij de molen"},
				{"a site over TLS: its own certificate", "https://molen.example/", "200", "Welkom bij de molen"},
				{"a blocked site", "http://www.toto.nl/", "403", "Kansspelen"},
				{"a blocked site over TLS: the page explains", "https://www.toto.nl/", "403", "Kansspelen"},
			} {
				args := []string{"netns", "exec", n.client, "curl", "-s", "--max-time", "10", "--cacert", trust, "-w", "\n%{http_code}"}
				for _, host := range []string{"molen.example", "www.toto.nl"} {
					args = append(args, "--resolve", host+":80:"+siteAddress, "--resolve", host+":443:"+siteAddress)
				}
				out, _ := exec.CommandContext(t.Context(), "ip", append(args, tt.url)...).CombinedOutput()
				if !strings.HasSuffix(string(out), "\n"+tt.status) || !strings.Contains(string(out), tt.want) {
					t.Errorf("%s: %s\n%s", tt.name, out, log)
				}
			}
		})
	}
}

// sites starts web servers behind the router, and returns the authorities to trust.
func (n *network) sites(dir string) (trust string) {
	n.t.Helper()
	file := func(name string) string { return filepath.Join(dir, name) }
	var all []byte
	for _, name := range []string{"own", "public"} {
		if err := ca.Create(file(name+".crt"), file(name+".key"), ca.Spec{Name: name}); err != nil {
			n.t.Fatal(err)
		}
		b, err := os.ReadFile(file(name + ".crt"))
		if err != nil {
			n.t.Fatal(err)
		}
		all = append(all, b...)
	}
	if err := os.WriteFile(file("trust.pem"), all, 0o644); err != nil {
		n.t.Fatal(err)
	}
	public, err := ca.Load(file("public.crt"), file("public.key"))
	if err != nil {
		n.t.Fatal(err)
	}
	c, err := public.For("molen.example")
	if err != nil {
		n.t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"site.crt": pemOf("CERTIFICATE", c.Certificate...), "site.key": pemOf("PRIVATE KEY", pkcs8(n.t, c.PrivateKey)),
		"www/index.html": []byte("<h1>Welkom bij de molen</h1>"),
		"nginx.conf": fmt.Appendf(nil, `daemon off; worker_processes 1; pid %[1]s/pid; error_log stderr; user root;
events {}
http { access_log off; types { text/html html; }
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server { listen %[2]s:80; listen %[2]s:443 ssl http2; ssl_certificate %[1]s/site.crt; ssl_certificate_key %[1]s/site.key; root %[1]s/www; } }
`, dir, siteAddress),
	} {
		mkdir(n.t, filepath.Dir(file(name)))
		if err := os.WriteFile(file(name), b, 0o644); err != nil {
			n.t.Fatal(err)
		}
	}
	n.start(nil, "nginx", "-p", dir, "-e", file("errors"), "-c", file("nginx.conf"))
	return file("trust.pem")
}

// gateway starts sluis serve in the router.
func (n *network) gateway(dir, how string) *testenv.Log {
	n.t.Helper()
	// The names of the sites, as the gateway looks them up.
	etc := filepath.Join("/etc/netns", n.router)
	mkdir(n.t, etc)
	n.t.Cleanup(func() { os.RemoveAll(etc) })
	config := filepath.Join(dir, "sluis.yaml")
	for path, text := range map[string]string{
		filepath.Join(etc, "hosts"): siteAddress + " molen.example\n",
		config: fmt.Sprintf(`organisation: {domains: [school.example]}
data: %[1]s/data
mail: {hostname: sluis.school.example, listen: [{address: "127.0.0.1:2525"}], routes: [{to: ["*"], hosts: ["127.0.0.1:26"]}]}
roster: roster.yaml
web:
  listen:
    - {address: "0.0.0.0:3129", mode: %[2]s-http}
    - {address: "0.0.0.0:3130", mode: %[2]s-tls}
  clients: [10.77.0.0/24]
  inner: [%[3]s/32]
  inspect: {certificate: %[1]s/own.crt, key: %[1]s/own.key, managed: [leerlingen]}
`, dir, how, siteAddress),
		filepath.Join(dir, "roster.yaml"): "groups: [{name: leerlingen, kind: pupils, networks: [10.77.0.0/24]}]\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			n.t.Fatal(err)
		}
	}
	return n.start([]string{"SSL_CERT_FILE=" + filepath.Join(dir, "public.crt")}, program, "serve", "--config", config)
}
