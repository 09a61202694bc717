package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
)

// Inbox is a configured channel, without its secrets.
type Inbox struct {
	ID             desk.InboxID       `json:"id"`
	Channel        string             `json:"channel"`
	Name           string             `json:"name"`
	Key            string             `json:"key" doc:"The public name in the pasted script line."`
	Settings       desk.InboxSettings `json:"settings"`
	Enabled        bool               `json:"enabled"`
	Version        int64              `json:"version"`
	CreatedAt      time.Time          `json:"created_at"`
	FirstMessageAt time.Time          `json:"first_message_at,omitzero" doc:"When its first conversation began; missing until a customer has written. Only for those who may manage inboxes."`
	HostKeys       []HostKey          `json:"host_keys,omitempty" doc:"Only when one inbox is opened."`
}

// HostKey is a key with which a host site signs who its users are, without its secret.
type HostKey struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
}

func inboxShape(in desk.Inbox) Inbox {
	return Inbox{
		ID: in.ID, Channel: in.Channel, Name: in.Name, Key: in.Key, Settings: in.Settings, Enabled: in.Enabled,
		Version: in.Version, CreatedAt: in.CreatedAt,
	}
}

func (s *Server) listInboxes(ctx context.Context, c caller, _ *nothing) (out[Items[Inbox]], error) {
	inboxes, err := s.deps.Workspace.Inboxes(ctx, c.Account)
	shapes := itemsOf(inboxes, inboxShape)
	if err != nil || !c.Permissions.Has(auth.InboxesManage) {
		return shapes, err
	}
	for i := range shapes.Body.Items {
		first, err := s.deps.Workspace.FirstMessage(ctx, c.Account, shapes.Body.Items[i].ID)
		if err != nil {
			return out[Items[Inbox]]{}, err
		}
		shapes.Body.Items[i].FirstMessageAt = first
	}
	return shapes, nil
}

func (s *Server) getInbox(ctx context.Context, c caller, in *namedQuery) (out[Inbox], error) {
	inbox, err := s.deps.Workspace.Inbox(ctx, c.Account, desk.InboxID(in.ID))
	if err != nil {
		return out[Inbox]{}, err
	}
	return s.fullInbox(ctx, inbox.Inbox)
}

// fullInbox adds what only administrators look at.
func (s *Server) fullInbox(ctx context.Context, in desk.Inbox) (out[Inbox], error) {
	shape := inboxShape(in)
	keys, err := s.deps.Workspace.HostKeys(ctx, in.AccountID, in.ID)
	if err != nil {
		return out[Inbox]{}, err
	}
	for _, k := range keys {
		shape.HostKeys = append(shape.HostKeys, HostKey{ID: k.ID, CreatedAt: k.CreatedAt})
	}
	shape.FirstMessageAt, err = s.deps.Workspace.FirstMessage(ctx, in.AccountID, in.ID)
	return out[Inbox]{shape}, err
}

type createInboxInput struct {
	Keyed
	Body struct {
		Channel  string             `json:"channel" enum:"webchat" example:"webchat"`
		Name     string             `json:"name" minLength:"1" maxLength:"400" example:"商城网页"`
		Settings desk.InboxSettings `json:"settings,omitzero"`
	}
}

func (s *Server) createInbox(ctx context.Context, c caller, in *createInboxInput) (out[Inbox], error) {
	made, err := s.deps.Workspace.CreateInbox(ctx, c.Account, workspace.NewInbox{
		Once: in.Key, Channel: in.Body.Channel, Name: in.Body.Name, Settings: in.Body.Settings,
	})
	if err != nil {
		return out[Inbox]{}, err
	}
	return s.fullInbox(ctx, made)
}

type changeInboxInput struct {
	Named
	Body struct {
		Name     string             `json:"name" minLength:"1" maxLength:"400" example:"商城网页"`
		Enabled  bool               `json:"enabled"`
		Settings desk.InboxSettings `json:"settings"`
		Version  int64              `json:"version,omitempty" minimum:"0" doc:"Refuse if the inbox has changed since this version."`
	}
}

func (s *Server) changeInbox(ctx context.Context, c caller, in *changeInboxInput) (out[Inbox], error) {
	b := in.Body
	changed, err := s.deps.Workspace.ChangeInbox(ctx, c.Account, desk.InboxID(in.ID), workspace.InboxChange{
		Name: b.Name, Enabled: b.Enabled, Settings: b.Settings, Version: b.Version,
	})
	if err != nil {
		return out[Inbox]{}, err
	}
	return s.fullInbox(ctx, changed)
}

// NewHostKey is a key of a host site with its secret, shown this once.
type NewHostKey struct {
	HostKey
	Secret string `json:"secret" doc:"Shown once. Sign with its characters as they are, HS256."`
}

func (s *Server) addHostKey(ctx context.Context, c caller, in *Named) (out[NewHostKey], error) {
	k, err := s.deps.Workspace.AddHostKey(ctx, c.Account, desk.InboxID(in.ID), in.Key)
	return out[NewHostKey]{NewHostKey{HostKey: HostKey{ID: k.ID, CreatedAt: k.CreatedAt}, Secret: k.Secret}}, err
}

type removeHostKeyInput struct {
	Named
	HostKey string `path:"key" maxLength:"64"`
}

func (s *Server) removeHostKey(ctx context.Context, c caller, in *removeHostKeyInput) (noContent, error) {
	return noContent{}, s.deps.Workspace.RemoveHostKey(ctx, c.Account, desk.InboxID(in.ID), in.HostKey)
}
