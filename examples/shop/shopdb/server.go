// Package shopdb is a PostgreSQL look-alike, so that the shop can use a real client and a real pool
// without anything to install.
//
// It speaks enough of the wire protocol for pgx: start-up, simple and extended queries, errors with
// SQLSTATE. It executes a fixed list of statements, each a Go function; it parses no SQL and keeps
// nothing. It must not be used for anything but the shop.
package shopdb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
)

// Statement is one query that the server knows.
type Statement struct {
	// SQL must equal the text that the client sends.
	SQL string
	// Params counts the text parameters $1, $2, …
	Params int
	// Columns names the result's columns, all of type text. Without columns it is a command.
	Columns []string
	// Run answers the query. The context ends when the client cancels or the server closes. An *Error
	// reaches the client with its SQLSTATE, any other error as an internal one.
	Run func(ctx context.Context, args []string) ([][]string, error)
}

// Error is an answer with a SQLSTATE.
type Error struct {
	Code    string
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("%s (SQLSTATE %s)", e.Message, e.Code) }

// Server serves its statements on a loopback port.
type Server struct {
	listener   net.Listener
	statements map[string]Statement
	ctx        context.Context
	stop       context.CancelFunc
	running    sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	// cancels ends the running statement of the session with that ID.
	cancels map[uint32]context.CancelFunc
	lastID  uint32
}

// Start listens on a free loopback port and serves until Close.
func Start(ctx context.Context, statements ...Statement) (*Server, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the shop's database: %w", err)
	}
	s := &Server{
		listener:   listener,
		statements: make(map[string]Statement, len(statements)),
		conns:      make(map[net.Conn]struct{}),
		cancels:    make(map[uint32]context.CancelFunc),
	}
	for _, st := range statements {
		s.statements[st.SQL] = st
	}
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.running.Go(s.accept)
	return s, nil
}

// Addr is the host and port to connect to.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Close ends every connection and running statement, and returns when they are gone.
func (s *Server) Close() error {
	s.stop()
	err := s.listener.Close()
	s.mu.Lock()
	for conn := range s.conns {
		err = errors.Join(err, conn.Close())
	}
	s.mu.Unlock()
	s.running.Wait()
	return err
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		if !s.track(conn) {
			return
		}
		s.running.Go(func() {
			defer s.forget(conn)
			newSession(s, conn).serve()
		})
	}
}

// track remembers a connection for Close; it refuses one that arrives while the server closes.
func (s *Server) track(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		_ = conn.Close()
		return false
	}
	s.conns[conn] = struct{}{}
	return true
}

func (s *Server) forget(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, open := s.conns[conn]; open {
		delete(s.conns, conn)
		_ = conn.Close()
	}
}

func (s *Server) nextID() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID++
	return s.lastID
}

// execute runs a statement so that the session's client can cancel it.
func (s *Server) execute(session uint32, p portal) ([][]string, error) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	s.mu.Lock()
	s.cancels[session] = cancel
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.cancels, session)
		s.mu.Unlock()
	}()
	return p.statement.Run(ctx, p.args)
}

func (s *Server) cancel(session uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel, running := s.cancels[session]; running {
		cancel()
	}
}
