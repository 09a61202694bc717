package surfacetest

import (
	"net/url"
)

// Upload sends a file as the agent.
func (c *Caller) Upload(name, mime string, data []byte) Answer {
	c.Helper()
	header := c.With("Content-Type", mime).With("X-File-Name", url.PathEscape(name)).Keyed("")
	return c.Do("POST", "/api/v1/attachments", header, data)
}

// Upload sends a file as the visitor.
func (g *Guest) Upload(name, mime string, data []byte) Answer {
	g.Helper()
	header := g.headers()
	header["Content-Type"], header["X-File-Name"] = mime, url.PathEscape(name)
	return g.Do("POST", "/rpc/v1/attachments", header, data)
}

// Media is a part that sends an uploaded file.
func Media(kind, id string) map[string]any {
	return map[string]any{"type": kind, "media": map[string]any{"id": id}}
}
