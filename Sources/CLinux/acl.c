// ACLs in memory: asked, compared and printed. None of this is a system call.

#include "CLinux.h"
#include <acl/libacl.h>
#include <errno.h>
#include <string.h>
#include <sys/acl.h>

bool cl_acl_is_equal(cl_acl left, cl_acl right) {
    return acl_cmp(left, right) == 0;
}

int cl_acl_entry_count(cl_acl acl) {
    int count = acl_entries(acl);
    return count < 0 ? -errno : count;
}

int cl_acl_is_mode(cl_acl acl, mode_t *mode) {
    int result = acl_equiv_mode(acl, mode);
    return result < 0 ? -errno : result == 0;
}

static int bits(acl_permset_t set) {
    return (acl_get_perm(set, ACL_READ) == 1 ? 4 : 0) | (acl_get_perm(set, ACL_WRITE) == 1 ? 2 : 0) |
           (acl_get_perm(set, ACL_EXECUTE) == 1 ? 1 : 0);
}

int cl_acl_narrow_mode(cl_acl acl) {
    // Without the ACL a named user counts by a group or as one of the others, a named group as the others.
    int users = 7, groups = 7, mask = 7, group = 0, others = 0;
    bool has_named = false;
    acl_entry_t entry;
    int found = acl_get_entry(acl, ACL_FIRST_ENTRY, &entry);
    for (; found == 1; found = acl_get_entry(acl, ACL_NEXT_ENTRY, &entry)) {
        acl_tag_t tag;
        acl_permset_t set;
        if (acl_get_tag_type(entry, &tag) < 0 || acl_get_permset(entry, &set) < 0) return -errno;
        has_named |= tag == ACL_USER || tag == ACL_GROUP;
        if (tag == ACL_USER) users &= bits(set);
        else if (tag == ACL_GROUP) groups &= bits(set);
        else if (tag == ACL_MASK) mask = bits(set);
        else if (tag == ACL_GROUP_OBJ) group = bits(set);
        else if (tag == ACL_OTHER) others = bits(set);
    }
    if (found < 0) return -errno;
    // The mask holds back no others.
    int named = has_named ? users & groups & mask : 7;
    return (group & users & mask) << 3 | (others & named);
}

long cl_acl_text(cl_acl acl, bool is_abbreviated, char *buffer, size_t length) {
    char *text = acl_to_any_text(acl, NULL, ',', TEXT_NUMERIC_IDS | (is_abbreviated ? TEXT_ABBREVIATE : 0));
    if (text == NULL) return -errno;
    size_t needed = strlen(text);
    if (needed > length) needed = length;
    memcpy(buffer, text, needed);
    acl_free(text);
    return (long)needed;
}

void cl_acl_free(cl_acl acl) {
    acl_free(acl);
}
