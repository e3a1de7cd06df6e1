/*
 * profile.h
 *		AWS's shared config and credentials files: sections of properties.
 *
 * As botocore reads them: a section a profile; properties separated from their values by "=" or
 * ":"; lines that begin with "#" or ";" are comments; a line indented more than its property
 * continues it. In the config file the profiles but "default" are named "[profile name]", and other
 * sections are no profiles.
 */
#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include "foundation/arena.h"
#include "foundation/result.h"

typedef enum ProfileFile
{
	PROFILE_FILE_CONFIG,
	PROFILE_FILE_CREDENTIALS
} ProfileFile;

typedef struct ProfileProperty
{
	struct ProfileProperty *next;
	Bytes name;  /* lower case */
	Bytes value; /* with line ends and indentations where it has several lines */
	ProfileFile file;
	bool is_nested; /* properties of its own on the lines below; the value says nothing */
} ProfileProperty;

typedef struct Profile
{
	struct Profile *next;
	Bytes name;
	ProfileProperty *properties; /* of both files, newest first */
	size_t property_count;
	bool in_file[2];  /* by ProfileFile */
	bool is_prefixed; /* "[profile default]", which precedes "[default]" */
} Profile;

/* Zero before the first file is read. */
typedef struct Profiles
{
	Profile *first;
	size_t count;
} Profiles;

#define PROFILES_MAXIMUM           10000
#define PROFILE_PROPERTIES_MAXIMUM 1000

/*
 * Adds a file's profiles, the config file's before the credentials file's; names and values are
 * borrowed from `text` or in `arena`. RESULT_MALFORMED, whose position is the number of the line,
 * for a line that is none of the above or a section or property given twice; RESULT_TOO_LARGE past
 * the maxima.
 */
extern CheckedResult profiles_read(Arena *arena, Bytes text, ProfileFile file,
                                   Profiles *profiles) MUST_CHECK;

/* NULL when no file has the profile. */
extern const Profile *profiles_find(const Profiles *profiles, Bytes name);

/* The property's value, of the credentials file where both have it; no bytes when none has. */
extern Bytes profile_value(const Profile *profile, const char *name);

/* The property's value in one of the files. */
extern Bytes profile_value_in(const Profile *profile, ProfileFile file, const char *name);

#endif
