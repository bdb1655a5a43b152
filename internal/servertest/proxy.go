package servertest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Proxy is a TCP proxy on a free loopback port that can stall or break the connections through it.
type Proxy struct {
	Addr string

	target   string
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	flows chan struct{} // closed while bytes may pass
	conns map[net.Conn]struct{}
}

// StartProxy makes a proxy to target, host:port. It is gone when the test ends.
func StartProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &Proxy{Addr: listener.Addr().String(), target: target, listener: listener, conns: map[net.Conn]struct{}{}, flows: make(chan struct{})}
	close(p.flows)
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.Resume()
		p.Reset()
		p.running.Wait()
	})
	return p
}

// Stall lets no byte pass until Resume; connections stay open, and new ones are accepted.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flows:
		p.flows = make(chan struct{})
	default:
	}
}

// Resume lets pass what was stalled.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flows:
	default:
		close(p.flows)
	}
}

// Reset breaks all connections, with a TCP reset.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.keep(client, server)
		p.running.Go(func() { p.pass(client, server) })
		p.running.Go(func() { p.pass(server, client) })
	}
}

func (p *Proxy) keep(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range conns {
		p.conns[conn] = struct{}{}
	}
}

func (p *Proxy) forget(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// pass copies one way until either end is closed.
func (p *Proxy) pass(from, to net.Conn) {
	defer p.forget(from)
	defer to.Close()
	_, _ = io.Copy(to, gated{from, p})
}

// gated is a connection whose bytes wait while the proxy stalls.
type gated struct {
	net.Conn
	proxy *Proxy
}

func (g gated) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	g.proxy.mu.Lock()
	flows := g.proxy.flows
	g.proxy.mu.Unlock()
	<-flows
	return n, err
}
