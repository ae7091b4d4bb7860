// A net/http app guarded by the Go SDK. What it answers: ../../app-routes.md.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/supertokens/supertokens-golang/recipe/session"
	"github.com/supertokens/supertokens-golang/recipe/session/sessmodels"
	"github.com/supertokens/supertokens-golang/supertokens"
)

type object = map[string]interface{}

type settings struct {
	CoreURL     string `json:"coreUrl"`
	APIKey      string `json:"apiKey"`
	AntiCsrf    string `json:"antiCsrf"`
	DynamicKeys bool   `json:"dynamicKeys"`
}

// Everything that a route or a call of /backend may ask for.
type input struct {
	Call     string   `json:"call"`
	UserID   string   `json:"userId"`
	TenantID *string  `json:"tenantId"`
	Handle   string   `json:"handle"`
	Handles  []string `json:"handles"`
	Payload  object   `json:"payload"`
	Data     object   `json:"data"`
	Claims   object   `json:"claims"`
	IsStatic bool     `json:"isStatic"`
}

func main() {
	var given settings
	must(json.Unmarshal([]byte(os.Getenv("COMPAT_APP")), &given))
	must(supertokens.Init(supertokens.TypeInput{
		Supertokens: &supertokens.ConnectionInfo{
			ConnectionURI: given.CoreURL,
			APIKey:        given.APIKey,
		},
		AppInfo: supertokens.AppInfo{
			AppName:       "compat",
			APIDomain:     "http://localhost:3001",
			WebsiteDomain: "http://localhost:3000",
		},
		RecipeList: []supertokens.Recipe{
			session.Init(&sessmodels.TypeInput{
				AntiCsrf:                        &given.AntiCsrf,
				UseDynamicAccessTokenSigningKey: &given.DynamicKeys,
			}),
		},
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("listening on %d\n", listener.Addr().(*net.TCPAddr).Port)
	go endWithParent()
	must(http.Serve(listener, supertokens.Middleware(routes())))
}

func routes() *http.ServeMux {
	checkDatabase := true
	mux := http.NewServeMux()
	mux.HandleFunc("/login", answer(logIn))
	mux.HandleFunc("/me", guarded(nil, describeSession))
	mux.HandleFunc("/me/checked", guarded(
		&sessmodels.VerifySessionOptions{CheckDatabase: &checkDatabase}, describeSession))
	mux.HandleFunc("/me/claims", guarded(nil, mergeClaims))
	mux.HandleFunc("/me/data", guarded(nil, data))
	mux.HandleFunc("/me/sign-out", guarded(nil, signOut))
	mux.HandleFunc("/backend", answer(callBackend))
	return mux
}

type handler = func(http.ResponseWriter, *http.Request, input) (interface{}, error)
type sessionHandler = func(sessmodels.SessionContainer, *http.Request, input) (interface{}, error)

func answer(work handler) http.HandlerFunc {
	return func(res http.ResponseWriter, req *http.Request) {
		var body input
		if req.Method != http.MethodGet {
			// A guarded POST may come without a body.
			_ = json.NewDecoder(req.Body).Decode(&body)
		}
		value, err := work(res, req, body)
		if err != nil {
			if err = supertokens.ErrorHandler(err, req, res); err != nil {
				http.Error(res, err.Error(), http.StatusInternalServerError)
			}
			return
		}
		res.Header().Set("content-type", "application/json")
		_ = json.NewEncoder(res).Encode(value)
	}
}

func guarded(options *sessmodels.VerifySessionOptions, work sessionHandler) http.HandlerFunc {
	return session.VerifySession(options, answer(
		func(_ http.ResponseWriter, req *http.Request, body input) (interface{}, error) {
			return work(session.GetSessionFromRequestContext(req.Context()), req, body)
		}))
}

func describe(of sessmodels.SessionContainer) object {
	return object{
		"userId":   of.GetUserID(),
		"handle":   of.GetHandle(),
		"tenantId": of.GetTenantId(),
		"payload":  of.GetAccessTokenPayload(),
	}
}

func logIn(res http.ResponseWriter, req *http.Request, body input) (interface{}, error) {
	created, err := session.CreateNewSession(
		req, res, *body.TenantID, body.UserID, body.Payload, body.Data)
	if err != nil {
		return nil, err
	}
	return describe(created), nil
}

func describeSession(of sessmodels.SessionContainer, _ *http.Request, _ input) (interface{}, error) {
	return describe(of), nil
}

func mergeClaims(of sessmodels.SessionContainer, _ *http.Request, body input) (interface{}, error) {
	if err := of.MergeIntoAccessTokenPayload(body.Claims); err != nil {
		return nil, err
	}
	return describe(of), nil
}

func data(of sessmodels.SessionContainer, req *http.Request, body input) (interface{}, error) {
	if req.Method == http.MethodGet {
		return of.GetSessionDataInDatabase()
	}
	return object{}, of.UpdateSessionDataInDatabase(body.Data)
}

func signOut(of sessmodels.SessionContainer, _ *http.Request, _ input) (interface{}, error) {
	return object{}, of.RevokeSession()
}

func callBackend(_ http.ResponseWriter, _ *http.Request, body input) (interface{}, error) {
	result, err := resultOf(body)
	if err != nil {
		return nil, err
	}
	return object{"result": result}, nil
}

func resultOf(body input) (interface{}, error) {
	switch body.Call {
	case "find":
		return find(body.Handle)
	case "mergeClaims":
		return session.MergeIntoAccessTokenPayload(body.Handle, body.Claims)
	case "setData":
		return session.UpdateSessionDataInDatabase(body.Handle, body.Data)
	case "list":
		return noneAsEmpty(session.GetAllSessionHandlesForUser(body.UserID, body.TenantID))
	case "revoke":
		return session.RevokeSession(body.Handle)
	case "revokeMany":
		return noneAsEmpty(session.RevokeMultipleSessions(body.Handles))
	case "revokeAll":
		return noneAsEmpty(session.RevokeAllSessionsForUser(body.UserID, body.TenantID))
	}
	if body.Call == "createJwt" {
		return createJwt(body)
	}
	return nil, fmt.Errorf("no call %q", body.Call)
}

func createJwt(body input) (interface{}, error) {
	validitySeconds := uint64(60)
	made, err := session.CreateJWT(body.Claims, &validitySeconds, &body.IsStatic)
	if err != nil || made.OK == nil {
		return nil, err
	}
	return made.OK.Jwt, nil
}

// A nil list would be written as null.
func noneAsEmpty(handles []string, err error) ([]string, error) {
	return append([]string{}, handles...), err
}

func find(handle string) (interface{}, error) {
	found, err := session.GetSessionInformation(handle)
	if err != nil || found == nil {
		return nil, err
	}
	return object{
		"userId":   found.UserId,
		"tenantId": found.TenantId,
		"payload":  found.CustomClaimsInAccessTokenPayload,
		"data":     found.SessionDataInDatabase,
	}, nil
}

// The tests hold the other end of the input: the app ends when they do.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
