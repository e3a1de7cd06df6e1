/*
 * metadata_service.h
 *		Requests to what hands out credentials on AWS's own machines: the endpoint of a container,
 *		and an instance's metadata service, version 2.
 *
 * They are not signed, and only go to hosts that are known to be such services.
 */
#ifndef AWS_METADATA_SERVICE_H
#define AWS_METADATA_SERVICE_H

#include "aws/aws_environment.h"
#include "aws/http.h"

/* True when the environment names an endpoint of a container. */
extern bool container_is_configured(const AwsEnvironment *environment);

/*
 * GET of the container's credentials. `token` is the Authorization header's value; no bytes: none.
 * RESULT_INVALID_ARGUMENT for a URI that is none or, without https, of another host than a loopback
 * address or AWS's own.
 */
extern CheckedResult container_request(Arena *arena, const AwsEnvironment *environment, Bytes token,
                                       HttpRequest *request) MUST_CHECK;

/* True unless the environment says that the instance's metadata are not to be asked for. */
extern bool instance_is_enabled(const AwsEnvironment *environment);

/* PUT for a session's token. RESULT_INVALID_ARGUMENT for an endpoint that is none. */
extern CheckedResult instance_token_request(Arena *arena, const AwsEnvironment *environment,
                                            HttpRequest *request) MUST_CHECK;

/*
 * GET of the name of the instance's role, or with a `role` of its credentials.
 * RESULT_INVALID_ARGUMENT for a token or a role's name that has characters it cannot have.
 */
extern CheckedResult instance_role_request(Arena *arena, const AwsEnvironment *environment,
                                           Bytes token, Bytes role,
                                           HttpRequest *request) MUST_CHECK;

#endif
