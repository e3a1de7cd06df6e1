/*
 * profile.c
 *		Lines to sections and properties.
 */
#include "aws/profile.h"

#include <string.h>

#include "aws/command_line.h"
#include "foundation/ascii.h"

typedef struct ProfileReader
{
	Arena *arena;
	Profiles *profiles;
	ProfileFile file;
	Bytes rest;
	size_t line;
	bool in_section;
	Profile *profile;          /* NULL in sections that are no profile */
	bool in_property;          /* a line that is indented more continues it */
	ProfileProperty *property; /* that one; NULL outside profiles */
	size_t indentation;        /* of the line that the property or section began on */
} ProfileReader;

static bool
is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\v' ||
	       character == '\f';
}

static Bytes
trim_end(Bytes text)
{
	while (text.length > 0 && is_blank(text.data[text.length - 1]))
		text.length--;
	return text;
}

static Bytes
trim(Bytes text)
{
	while (text.length > 0 && is_blank(text.data[0]))
		text = (Bytes){text.data + 1, text.length - 1};
	return trim_end(text);
}

static CheckedResult
malformed(const ProfileReader *reader, const char *message)
{
	return result_failed_at(RESULT_MALFORMED, message, reader->line);
}

/* Finding */

static Profile *
find_profile(const Profiles *profiles, Bytes name)
{
	for (Profile *profile = profiles->first; profile != NULL; profile = profile->next)
		if (bytes_equal(profile->name, name))
			return profile;
	return NULL;
}

const Profile *
profiles_find(const Profiles *profiles, Bytes name)
{
	return find_profile(profiles, name);
}

static const ProfileProperty *
find_property(const Profile *profile, ProfileFile file, Bytes name)
{
	for (const ProfileProperty *property = profile->properties; property != NULL;
	     property = property->next)
		if (property->file == file && bytes_equal(property->name, name))
			return property;
	return NULL;
}

Bytes
profile_value_in(const Profile *profile, ProfileFile file, const char *name)
{
	const ProfileProperty *property = find_property(profile, file, bytes_of_string(name));

	return property == NULL || property->is_nested ? BYTES_EMPTY : property->value;
}

Bytes
profile_value(const Profile *profile, const char *name)
{
	Bytes value = profile_value_in(profile, PROFILE_FILE_CREDENTIALS, name);

	return value.length > 0 ? value : profile_value_in(profile, PROFILE_FILE_CONFIG, name);
}

/* Sections */

/*
 * The name of the profile that a section of the config file is, by its heading: "default", or what
 * follows "profile", perhaps in quotes. No bytes for a section that is none.
 */
static CheckedResult
name_in_config(ProfileReader *reader, Bytes heading, Bytes *name, bool *prefixed)
{
	char **words;
	size_t count;
	CheckedResult result = command_line_split(reader->arena, heading, &words, &count);

	*name = BYTES_EMPTY;
	*prefixed = false;
	if (bytes_equal(heading, BYTES_LITERAL("default")))
		*name = heading;
	else if (result.code == RESULT_MALFORMED)
		return result_ok();
	else if (!result_is_ok(result))
		return result;
	else if (count == 2 && strcmp(words[0], "profile") == 0)
	{
		*name = bytes_of_string(words[1]);
		*prefixed = true;
	}
	return result_ok();
}

static CheckedResult
add_profile(ProfileReader *reader, Bytes name, Profile **profile)
{
	*profile = arena_allocate_zeroed(reader->arena, 1, sizeof(**profile));
	if (*profile == NULL)
		return arena_failure(reader->arena, sizeof(**profile));
	if (++reader->profiles->count > PROFILES_MAXIMUM)
		return result_failed_at(RESULT_TOO_LARGE, "too many profiles", reader->line);
	(*profile)->name = name;
	(*profile)->next = reader->profiles->first;
	reader->profiles->first = *profile;
	return result_ok();
}

/* Makes the profile of that name the one whose properties follow. */
static CheckedResult
enter_profile(ProfileReader *reader, Bytes name, bool prefixed)
{
	Profile *profile = find_profile(reader->profiles, name);

	if (profile == NULL)
		RETURN_IF_FAILED(add_profile(reader, name, &profile));
	if (profile->in_file[reader->file] && profile->is_prefixed == prefixed)
		return malformed(reader, "section appears twice");
	if (profile->in_file[reader->file] && profile->is_prefixed)
		return result_ok();
	if (profile->in_file[reader->file])
		profile->properties = NULL;
	profile->in_file[reader->file] = true;
	profile->is_prefixed = prefixed;
	reader->profile = profile;
	return result_ok();
}

static CheckedResult
read_section(ProfileReader *reader, Bytes heading)
{
	bool prefixed = false;
	Bytes name = trim(heading);

	reader->in_section = true;
	reader->in_property = false;
	reader->profile = NULL;
	if (reader->file == PROFILE_FILE_CONFIG)
		RETURN_IF_FAILED(name_in_config(reader, name, &name, &prefixed));
	return name.length == 0 ? result_ok() : enter_profile(reader, name, prefixed);
}

/* The heading between the brackets; false for a line that begins no section. */
static bool
find_heading(Bytes line, Bytes *heading)
{
	size_t end = line.length;

	if (line.data[0] != '[')
		return false;
	while (end > 2 && line.data[end - 1] != ']')
		end--;
	*heading = (Bytes){line.data + 1, end - 2};
	return end > 2;
}

/* Properties */

static CheckedResult
lower(Arena *arena, Bytes text, Bytes *lowered)
{
	char *copy = arena_allocate(arena, text.length);

	if (copy == NULL)
		return arena_failure(arena, text.length);
	for (size_t i = 0; i < text.length; i++)
		copy[i] = ascii_lower(text.data[i]);
	*lowered = (Bytes){copy, text.length};
	return result_ok();
}

static CheckedResult
add_property(ProfileReader *reader, Bytes name, Bytes value)
{
	Profile *profile = reader->profile;
	ProfileProperty *property;

	if (find_property(profile, reader->file, name) != NULL)
		return malformed(reader, "property appears twice in its section");
	if (++profile->property_count > PROFILE_PROPERTIES_MAXIMUM)
		return result_failed_at(RESULT_TOO_LARGE, "too many properties", reader->line);
	property = arena_allocate(reader->arena, sizeof(*property));
	if (property == NULL)
		return arena_failure(reader->arena, sizeof(*property));
	*property = (ProfileProperty){profile->properties, name, value, reader->file, false};
	profile->properties = reader->property = property;
	return result_ok();
}

static CheckedResult
read_property(ProfileReader *reader, Bytes line)
{
	size_t delimiter = 0;
	Bytes name;
	Bytes value;

	while (delimiter < line.length && line.data[delimiter] != '=' && line.data[delimiter] != ':')
		delimiter++;
	if (!reader->in_section)
		return malformed(reader, "line stands before the first section");
	if (delimiter == line.length)
		return malformed(reader, "line is neither a section nor a property");
	name = trim_end((Bytes){line.data, delimiter});
	if (name.length == 0)
		return malformed(reader, "property has no name");
	value = trim((Bytes){line.data + delimiter + 1, line.length - delimiter - 1});
	reader->in_property = true;
	reader->property = NULL;
	if (reader->profile == NULL)
		return result_ok();
	RETURN_IF_FAILED(lower(reader->arena, name, &name));
	return add_property(reader, name, value);
}

/* The property at hand has one more line. */
static void
continue_property(ProfileReader *reader, Bytes line)
{
	ProfileProperty *property = reader->property;

	if (property == NULL)
		return;
	if (property->value.length == 0)
		property->is_nested = true;
	else
		property->value.length = (size_t) (line.data + line.length - property->value.data);
}

/* Lines */

static CheckedResult
read_line(ProfileReader *reader, Bytes line)
{
	Bytes text = trim(line);
	size_t indentation = (size_t) (text.data - line.data);
	Bytes heading;

	if (text.length == 0 || text.data[0] == '#' || text.data[0] == ';')
		return result_ok();
	if (reader->in_property && indentation > reader->indentation)
	{
		continue_property(reader, text);
		return result_ok();
	}
	reader->indentation = indentation;
	return find_heading(text, &heading) ? read_section(reader, heading)
	                                    : read_property(reader, text);
}

static Bytes
take_line(ProfileReader *reader)
{
	const char *end = memchr(reader->rest.data, '\n', reader->rest.length);
	size_t length = end == NULL ? reader->rest.length : (size_t) (end - reader->rest.data);
	size_t taken = end == NULL ? length : length + 1;
	Bytes line = {reader->rest.data, length};

	reader->rest = (Bytes){reader->rest.data + taken, reader->rest.length - taken};
	reader->line++;
	return line;
}

CheckedResult
profiles_read(Arena *arena, Bytes text, ProfileFile file, Profiles *profiles)
{
	ProfileReader reader = {.arena = arena, .profiles = profiles, .file = file, .rest = text};

	while (reader.rest.length > 0)
		RETURN_IF_FAILED(read_line(&reader, take_line(&reader)));
	return result_ok();
}
