package surfacetest

import (
	"context"
	"sync"

	"yingda.dev/internal/platform/mail"
)

// Post takes mails and keeps them. A real server is in the tests of package
// courier.
type Post struct {
	mu    sync.Mutex
	mails []mail.Message
}

// Send takes a mail.
func (p *Post) Send(_ context.Context, m mail.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, m)
	return nil
}

// Mails are those that came.
func (p *Post) Mails() []mail.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]mail.Message(nil), p.mails...)
}
